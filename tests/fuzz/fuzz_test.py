"""The fuzz target without the fuzzer: its seeds, and a first few thousand inputs made from them."""

import random
from collections import Counter

import pytest
from software_update.disclosure.page_contents import contents_of
from software_update.format.verdicts import Refused, Verdict
from software_update.testing import encode as e
from software_update.testing.tree import VECTORS
from software_update.verify import bundle_file
from software_update.verify.bundle_file import verify_bundle

from tests.fuzz import seeds, target
from tests.mutation import anatomy


def files() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in seeds.CORPUS.iterdir()}


def change_a_byte(data: bytes, max_size: int) -> bytes:
    """In the place of the fuzzer's own changes."""
    rng = random.Random(data)
    at = rng.randrange(len(data) + 1)
    return (data[:at] + rng.randbytes(1) + data[at + rng.randrange(2) :])[:max_size]


def test_corpus_equals_the_output_of_seeds() -> None:
    assert files() == seeds.corpus()


@pytest.mark.parametrize("name", seeds.corpus())
def test_bundles_of_the_corpus_are_accepted(name: str) -> None:
    assert any(target.judge(files()[name])) == name.endswith(".bundle")


def test_attachments_of_the_corpus_are_read() -> None:
    assert target.ends_in_a_verdict(target.read_proof, files()["release.tlog-proof"])
    assert target.ends_in_a_verdict(target.read_statement, files()["provenance.json"])
    for name in ("provenance.json", "sbom.cdx.json"):
        assert contents_of(files()[name])


def test_vectors() -> None:
    for path in (VECTORS / "independent").iterdir():
        target.judge(path.read_bytes())


def test_changes_get_past_the_signatures() -> None:
    verdicts = Counter[Verdict]()
    inputs = [content for name, content in files().items() if name.endswith(".bundle")]
    for seed in range(3000):
        data = inputs[seed % len(inputs)]
        for step in range(1 + seed % 3):
            data = target.mutated(data, 4096, 10_000 * step + seed, change_a_byte)
        assert len(data) <= 4096
        target.judge(data)
        try:
            verify_bundle(target.BUNDLE, target.DEVICES[0])
            verdicts[Verdict.ACCEPT] += 1
        except Refused as refused:
            verdicts[refused.verdict] += 1
    print(dict(verdicts))
    assert verdicts[Verdict.ACCEPT] > 300
    assert len(verdicts) > 15


def test_a_change_is_the_same_every_time() -> None:
    data = files()["chain.bundle"]
    for seed in range(50):
        once, again = (target.mutated(data, 4096, seed, change_a_byte) for _ in range(2))
        assert once == again


def test_an_end_without_a_verdict_is_a_crash() -> None:
    def fails() -> None:
        raise IndexError

    with pytest.raises(IndexError):
        target.ends_in_a_verdict(fails)

    def two_lines() -> None:
        raise Refused(Verdict.MALFORMED, "two\nlines")

    with pytest.raises(AssertionError):
        target.ends_in_a_verdict(two_lines)


def test_a_wrong_verdict_is_a_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    good = files()["one_target.bundle"]
    target.judge(good)
    release = verify_bundle(target.BUNDLE, target.DEVICES[0])
    monkeypatch.setattr(bundle_file, "verify_bundle", lambda *_: release)
    with pytest.raises(AssertionError, match="app"):
        target.accept(good[:-1] + b"y", target.DEVICES[0])
    with pytest.raises(AssertionError):
        target.accept(good + e.blob(9, b""), target.DEVICES[0])


def test_a_target_that_the_root_does_not_allow_is_a_crash(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    good = files()["allowed_targets.bundle"]
    assert target.judge(good) == [True, True]
    release = verify_bundle(target.BUNDLE, target.DEVICES[0])
    *before, root = release.trusted.roots
    root = root._replace(serialized=root.serialized.replace(b"boot", b"root"))
    trusted = release.trusted._replace(roots=(*before, root))
    wrong = release._replace(trusted=trusted)
    monkeypatch.setattr(bundle_file, "verify_bundle", lambda *_: wrong)
    with pytest.raises(AssertionError, match="boot"):
        target.accept(good, target.DEVICES[0])


@pytest.mark.parametrize(
    ("name", "allowed"),
    [(b"a", True), (b"b/c", True), (b"b/c/d", True), (b"b", False), (b"", False)],
)
def test_names_that_the_fuzzer_takes_for_allowed(name: bytes, allowed: bool) -> None:
    assert target.allows([b"a", b"b/*"], name) == allowed


def test_listed_again_and_signed_again() -> None:
    good = files()["one_target.bundle"]
    tree = anatomy.take_apart(good[:-1] + b"y", anatomy.BUNDLE)
    assert target.judge(anatomy.put_together(tree)) == [False, False]
    listed = target.listed_again(tree)
    assert target.judge(anatomy.put_together(listed)) == [False, False]
    signed = target.signed_again(listed, random.Random(2))
    assert target.judge(anatomy.put_together(signed)) == [True, False]
