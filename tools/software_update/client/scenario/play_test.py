"""Tests of scenarios: the real client on a simulated device."""

import pytest

from software_update.base.errors import InputError
from software_update.client.scenario.play import play
from software_update.client.scenario.script import read_script
from software_update.testing import encode as e

RELEASES = {
    "one": e.bundle({"app": b"1" * 16}, version=1),
    "two": e.bundle({"app": b"2" * 2000}, version=2),
    "foreign": e.bundle({"app": b"3" * 2000}, version=3, signers=[e.STRANGER]),
}
ANCHOR = e.signed(e.root(), e.ROOT_KEY)
READY = "factory one\noffer two\n"


def played(text: str) -> list[str]:
    """Returns the results of the last command."""
    transcript = play(read_script(text, "x"), "x", RELEASES, ANCHOR)
    results: list[str] = []
    for line in transcript.splitlines():
        results = [*results, line[2:]] if line.startswith(" ") else []
    return results


def test_transcript_played_again_is_the_same() -> None:
    text = f"# Agreed.\n{READY}check\nanswer yes through restart\n"
    transcript = play(read_script(text, "x"), "x", RELEASES, ANCHOR)
    assert transcript == play(read_script(transcript, "x"), "x", RELEASES, ANCHOR)
    assert transcript.startswith("# Agreed.\nfactory one\n")
    assert "  UPDATED: main 2 is installed\n" in transcript


def test_whole_update() -> None:
    assert played(READY + "check\nanswer yes\nanswer yes\n") == [
        "AwaitingConsent(restart) > AwaitingRestart > Trying > Committing > Finished",
        "UPDATED: main 2 is installed",
        "slot B runs; A: 1, good; B: 2, good; floor 2; root 1",
    ]


def test_bad_health_leads_back() -> None:
    tried = READY + "health bad\ncheck\nanswer yes through restart\n"
    assert played(tried)[1:] == ["HEALTH_FAILED: health check healthy: ended with 1: it is ill"]
    assert played(tried + "check\n")[0] == "Finished > AwaitingConsent(download)"


def test_every_power_cut_of_an_answer_ends_well() -> None:
    point, where = 1, []
    while True:
        try:
            results = played(READY + f"check\nanswer yes\ncut {point} answer yes\n")
        except InputError as error:
            assert str(error) == f"x:5: this command has only {point - 1} crash points"
            break
        where.append(results[0])
        point += 1
    assert len(set(where)) > 4
    assert all(each.startswith("the power failed at ") for each in where)


def test_release_of_other_keys_is_refused() -> None:
    assert played("factory one\noffer foreign\ncheck\n")[1].startswith("REFUSED: THRESHOLD_NOT_MET")


def test_postponed_question_comes_back() -> None:
    late = READY + "check\nanswer later 100\n"
    assert played(late)[1].startswith("waits until 2027-01-15T08:01:40Z to download")
    assert played(late + "clock +99\n") == []
    assert played(late + "clock +100\n")[1].startswith("asks to download")


def test_full_disk() -> None:
    assert "NO_ROOM: " in "\n".join(played(READY + "disk full\ncheck\n"))


def test_preset_never_asks_nothing() -> None:
    assert played(READY + "preset auto-all\ncheck\n")[-2] == "UPDATED: main 2 is installed"
    assert "DENIED_BY_POLICY" in "\n".join(played(READY + "preset never\ncheck\n"))


def test_refused_command_is_a_result() -> None:
    assert played("answer yes\n")[0] == "refused: no release waits for an answer"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("offer three\n", "x:1: no bundle is called 'three'; there are foreign, one, two"),
        ("answer maybe\n", "x:1: cannot do 'answer maybe'"),
        ("health fine\n", "x:1: cannot do 'health fine'"),
        ("clock soon\n", "x:1: "),
    ],
)
def test_mistake_is_named_with_its_line(text: str, error: str) -> None:
    with pytest.raises(InputError) as raised:
        played(text)
    assert str(raised.value).startswith(error)
