"""Tests of private_key.py."""

from software_update.testing import signers


def test_a_private_key_does_not_show_itself() -> None:
    assert "_key=" not in repr(signers.signer(signers.ROOT_KEY))
