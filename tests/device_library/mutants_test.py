"""The mutants get past the signatures, and a wrong verdict on one of them is noticed."""

from collections import Counter

from software_update.format.verdicts import Verdict

from tests.device_library import compare, fake_signatures, mutants, python_judge
from tests.device_library.subjects import Device

COUNT = 700


def some() -> list[tuple[str, mutants.Mutant]]:
    return [(f"test/{n}", mutants.one(f"test/{n}", fake_signatures.sign)) for n in range(COUNT)]


def right(bundle: bytes, device: Device) -> str:
    """The verdict of the Python verifier, in the place of the device library."""
    return str(python_judge.verdict(bundle, device))


def test_most_verdicts_are_reached() -> None:
    with fake_signatures.accepted():
        report = compare.compare(some(), right)
    print(report.verdicts)
    assert report.different == []
    assert report.judged + report.left_out == COUNT
    assert report.left_out < COUNT / 50
    assert report.verdicts["ACCEPT"] > COUNT / 20
    assert len(report.verdicts) > len(Verdict) * 2 / 3


def test_a_wrong_verdict_is_noticed() -> None:
    def wrong(bundle: bytes, device: Device) -> str:
        found = right(bundle, device)
        return "ACCEPT" if found == "TARGETS_EXPIRED" else found

    with fake_signatures.accepted():
        report = compare.compare(some(), wrong)
    assert report.verdicts["TARGETS_EXPIRED"] > 0
    assert Counter(each[2:] for each in report.different) == Counter(
        {("TARGETS_EXPIRED", "ACCEPT"): report.verdicts["TARGETS_EXPIRED"]}
    )


def test_fake_signatures_count_only_inside_the_context() -> None:
    with fake_signatures.accepted():
        good = [each for _, each in some()[:200] if right(each.bundle, each.device) == "ACCEPT"]
    assert good
    assert {right(each.bundle, each.device) for each in good} == {"THRESHOLD_NOT_MET"}


def test_a_mutant_is_the_same_every_time() -> None:
    for seed, mutant in some()[:100]:
        assert mutants.one(seed, fake_signatures.sign) == mutant


def test_real_signatures_are_good() -> None:
    found = [(f"{n}", mutants.one(f"{n}", compare.sign_with_real_keys)) for n in range(300)]
    report = compare.compare(found, right)
    assert report.verdicts["ACCEPT"] > 10
