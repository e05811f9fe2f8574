"""Tests that each rule is checked, whatever a backend raises."""

from software_update.client.backend_check import BrokenRule, Finding, findings, require


def fail(error: Exception) -> None:
    raise error


def test_findings_of_all_kinds() -> None:
    found = findings(
        [
            ("is kept", lambda: None),
            ("is broken", lambda: require(False, "too short")),
            ("holds", lambda: require(True, "too short")),
            ("ends in an error of the backend", lambda: fail(OSError("/dev/x: gone"))),
            ("ends in an error without a text", lambda: fail(OSError())),
            ("ends in another error", lambda: fail(KeyError("slot"))),
            ("is broken in words", lambda: fail(BrokenRule("wrong"))),
        ]
    )
    assert found == [
        Finding("is kept", None),
        Finding("is broken", "too short"),
        Finding("holds", None),
        Finding("ends in an error of the backend", "/dev/x: gone"),
        Finding("ends in an error without a text", "OSError"),
        Finding("ends in another error", "raises KeyError ('slot'), which is not an OSError"),
        Finding("is broken in words", "wrong"),
    ]
