"""Tests of scenarios with a repository: bands, halts, stepping stones, and a timestamp that expires."""

import pytest

from software_update.base.errors import InputError
from software_update.client.scenario.play import play
from software_update.client.scenario.publisher import product_of
from software_update.client.scenario.script import read_script
from software_update.format.release_manifest import ReleaseManifest, build_release
from software_update.testing import encode as e


def bundle(number: int, minimum: int | None = None) -> bytes:
    said = ReleaseManifest("lamp", f"1.{number}", number, minimum_counter=minimum)
    contents = {"app": b"%d" % number * 2000, "user_manifest": build_release(said)}
    return e.bundle(contents, version=number)


RELEASES = {
    "one": bundle(1),
    "two": bundle(2),
    "three": bundle(3, minimum=2),
    "plain": e.bundle({"app": b"1" * 16}, version=1),
}
ANCHOR = e.signed(e.root(), e.ROOT_KEY)
INSTALLED = "factory one\npublish two\nrollout two 100\ncheck itself\nanswer yes through restart\n"


def transcript(text: str) -> str:
    return play(read_script(text, "x"), "x", RELEASES, ANCHOR)


def played(text: str) -> list[str]:
    """Returns the results of the last command."""
    results: list[str] = []
    for line in transcript(text).splitlines():
        results = [*results, line[2:]] if line.startswith(" ") else []
    return results


def test_bands_and_a_halt() -> None:
    text = """factory one
publish two
check itself
rollout two 1 100@+86400
check itself
clock +86400
check itself
answer yes
halt two it blinks
check itself
check
"""
    told = [line.strip() for line in transcript(text).splitlines()]
    codes = [line for line in told if line.split(":")[0].isupper()]
    assert codes == [
        "NOT_ROLLED_OUT: version 1.2 is not rolled out; it is only installed if a person looks for it",
        "WAITING_FOR_ROLLOUT: version 1.2 is rolled out to other devices first; a person who looks for it "
        "need not wait",
        "HALTED: version 1.2 was halted by its publisher: it blinks",
    ]
    assert "AwaitingConsent(restart) > Idle" in told
    assert told.count("asks to download lamp 1.2 of the vendor, 2000 bytes (from 1.1)") == 1


def test_update_from_a_repository_and_its_transcript_stays_the_same() -> None:
    assert played(INSTALLED)[-2] == "UPDATED: lamp 1.2 is installed"
    made = transcript(INSTALLED)
    assert made == play(read_script(made, "x"), "x", RELEASES, ANCHOR)


def test_person_need_not_wait_and_sees_the_way() -> None:
    asked = played("factory one\npublish two\npublish three\ncheck\n")[1]
    assert asked.startswith("asks to download lamp 1.2, then 1.3 of the vendor, ")


def test_timestamp_that_is_not_renewed_ends_updates() -> None:
    frozen = "factory one\npublish two\nrollout two 100\nrefresh off\nclock +86400\n"
    assert played(f"{frozen}check itself\n")[1].startswith("REPOSITORY_EXPIRED: the repository: ")
    assert played(f"{frozen}refresh on\ncheck itself\n")[0] == "Idle > AwaitingConsent(download)"


def test_withdrawn_release_is_not_installed() -> None:
    text = "factory one\npublish two\ncheck\nanswer yes\nwithdraw two\ncheck itself\n"
    assert played(text) == [
        "AwaitingConsent(restart) > Idle",
        "WITHDRAWN: version 1.2 was withdrawn by its publisher",
    ]


def test_personalized_bundle_is_published_for_a_release() -> None:
    text = "factory one\npublish one\npublish two\nrollout two 100\npublish two for one\ncheck itself\n"
    assert played(text)[0] == "Idle > AwaitingConsent(download)"


def test_power_cut_in_a_check_keeps_the_versions() -> None:
    text = "factory one\npublish two\nrollout two 100\ncut 2 check itself\ncheck itself\n"
    assert played(text)[0] == "Idle > AwaitingConsent(download)"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("publish two\nhalt one\n", "x:2: 'one' is not published; publish it first"),
        ("publish two\nrollout two x\n", "x:2: 'x' is not a percentage, such as 5 or 50@+3600"),
        ("publish two\nrollout two 5@x\n", "x:2: clock: 'x' is not a date"),
        ("publish two\nrollout two 0\n", "x:2: the rollout: rollouts[0].bands[0].percent: must be"),
        ("publish two\npublish one to two\n", "x:2: cannot do 'publish one to two'"),
        ("publish two\nrefresh later\n", "x:2: cannot do 'refresh later'"),
        ("publish none\n", "x:1: cannot do 'publish none'"),
        ("halt two\n", "x:1: cannot do 'halt two'"),
        ("publish plain\n", "'plain' has no release manifest; publish another one"),
    ],
)
def test_mistakes_of_a_script(text: str, problem: str) -> None:
    with pytest.raises(InputError) as caught:
        transcript(text)
    assert str(caught.value).startswith(problem)


def test_bad_bands_leave_the_rules_as_they_were() -> None:
    with pytest.raises(InputError):
        transcript(INSTALLED + "rollout two 5 4\n")


def test_only_a_script_that_publishes_has_a_repository() -> None:
    assert product_of(read_script("factory one\noffer two\n", "x"), RELEASES) is None
    assert product_of(read_script("cut 1 publish two\n", "x"), RELEASES) == "lamp"
    assert product_of(read_script("publish none\npublish one\n", "x"), RELEASES) == "lamp"
