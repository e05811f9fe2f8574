"""Tests of root_progress.py."""

from collections.abc import Sequence

from software_update.cli.render.root_progress import lines
from software_update.signing.root_progress import state_of
from software_update.testing import encode as e
from software_update.testing.signers import ROOT_KEY, ROOT_KEY_2, STRANGER, key_id
from software_update.verify.roots import trust_root


def test_lines_about_an_incomplete_root() -> None:
    previous = trust_root(e.signed(e.root(1, [ROOT_KEY])))
    root = e.root(2, [ROOT_KEY_2]) + e.number(255, 1)
    state = state_of("my\nroot", e.signed(root, ROOT_KEY, STRANGER), previous)
    assert list(lines(state)) == [
        r"my\nroot: version 2, follows version 1",
        f"  sha256 {state.request.sha256.hex()}",
        "  DEV KEYS: anyone can sign this",
        "  the previous root's keys: 1 signed, 1 must",
        f"    signed: {key_id(ROOT_KEY).hex()}",
        "  its own keys: 0 signed, 1 must",
        f"    not signed: {key_id(ROOT_KEY_2).hex()}",
        f"  signature that does not count: {key_id(STRANGER).hex()[:16]} unknown key",
        "  not checked: expiry: the verification of a bundle checks it",
        "  incomplete: 1 more of its own keys must sign",
    ]


def test_lines_about_allowed_targets() -> None:
    def found(old: Sequence[str] | None, new: Sequence[str]) -> list[str]:
        root, previous = (
            e.signed(e.root(version) + b"".join(e.text(254, each) for each in entries or ()))
            for version, entries in ((1 if old is None else 2, new), (1, old))
        )
        state = state_of("r.pb", root, None if old is None else trust_root(previous))
        shown = list(lines(state))
        return shown[2 : next(i for i, line in enumerate(shown) if line.endswith(" must"))]

    assert found(None, []) == found([], []) == []
    assert found(None, ["a", "b/*"]) == ["  allowed targets: a, b/*"]
    assert found(["a", "b/*"], ["b/*", "a"]) == ["  allowed targets: b/*, a"]
    assert found([], ["a"]) == ["  allowed targets: a", "    before: all"]
    assert found(["a", "b"], []) == ["  allowed targets: all", "    before: a, b"]
    assert found(["a", "c", "d"], ["b", "d"]) == [
        "  allowed targets: b, d",
        "    no longer: a",
        "    no longer: c",
        "    new: b",
    ]


def test_lines_about_a_complete_first_root() -> None:
    found = list(lines(state_of("r.pb", e.signed(e.root(), ROOT_KEY), None)))
    assert found[0] == "r.pb: version 1, the first root"
    assert found[-1] == "  complete"
