"""Recognising the vendor's keys."""

from software_update.attachments.vendor import is_vendor
from software_update.testing.judge import TRUSTED_ROOT
from software_update.testing.signers import ROOT_KEY, STRANGER, TARGETS_KEY, mirrored, signer
from software_update.verify.roots import trust_root

ROOTS = [trust_root(TRUSTED_ROOT)]


def test_keys_of_both_roles_are_the_vendors() -> None:
    assert is_vendor(signer(ROOT_KEY).public, ROOTS)
    assert is_vendor(signer(TARGETS_KEY).public, ROOTS)
    assert not is_vendor(signer(STRANGER).public, ROOTS)


def test_a_mirrored_key_is_the_vendors() -> None:
    assert is_vendor(mirrored(signer(TARGETS_KEY).public), ROOTS)
