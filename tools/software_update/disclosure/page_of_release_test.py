"""Tests of the facts on the page of a release."""

from software_update.disclosure.page import PageTarget
from software_update.disclosure.page_of_release import page_of_release
from software_update.format.claims import Claims
from software_update.format.messages import Compression
from software_update.testing import encode as e
from software_update.testing.pages import RELEASE, disclosed, page


def test_facts_of_a_release() -> None:
    shown = page()
    assert [each.name for each in shown.targets] == ["app", "boot", "user_manifest"]
    assert shown.targets[0] == PageTarget("app", 3, e.sha256(b"app").hex(), in_bundle=False)
    assert shown.release_digest == e.sha256(disclosed().targets.serialized).hex()
    assert shown.signers == (e.pair(e.TARGETS_KEY).key_id.hex(),)
    assert shown.root
    assert [each.roles for each in shown.root.keys] == [("root",), ("targets",)]
    assert shown.previous is None


def test_removed_targets_and_the_version_before() -> None:
    old = disclosed(RELEASE._replace(version="1.0", counter=1), Claims(), extra=b"x")
    shown = page_of_release(disclosed(), old, is_verified=False)
    assert shown.previous == ("1.0", 1, ("extra",))
    bare = page_of_release(disclosed(), disclosed(None, Claims()), is_verified=False)
    assert bare.previous == (None, None, ())


def test_change_of_compression_is_not_a_change_of_content() -> None:
    release = disclosed()
    app, *others = release.targets.targets
    compressed = app._replace(length=1, compression=Compression(1, app.length, app.sha256))
    targets = release.targets._replace(targets=(compressed, *others))
    shown = page_of_release(release._replace(targets=targets), release, is_verified=True)
    assert shown.targets[0].change == "same"
    assert (shown.targets[0].length, shown.targets[0].original_length) == (1, 3)
    assert shown.targets[0].original_sha256 == app.sha256.hex()


def test_root_that_the_bundle_lacks() -> None:
    shown = page_of_release(disclosed()._replace(root=None, root_id=None), is_verified=False)
    assert shown.root is None
    assert not shown.is_dev
