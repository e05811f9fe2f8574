"""Tests of log_policy.py. The groups are the example of c2sp.org/tlog-policy."""

import itertools

import pytest

from software_update.base.errors import InputError
from software_update.testing.memory_log import MemoryLog, MemoryWitness
from software_update.transparency.log_policy import MAX_POLICY_BYTES, parse_log_policy

LOG = MemoryLog()
X, Y = [
    [MemoryWitness(f"{a}{i}.example", n + i) for i in (1, 2, 3)] for a, n in (("x", 1), ("y", 9))
]
WITNESSES = "".join(
    f"witness {name}{index} {each.vkey}\n"
    for name, keys in (("X", X), ("Y", Y))
    for index, each in enumerate(keys, 1)
)
GROUPS = f"""
# Two organizations.
log\t{LOG.vkey}  https://log.example/
{WITNESSES}
  group X-witnesses 2 X1 X2 X3
group Y-witnesses any Y1 Y2 Y3\t
  # Both of them.
group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""


def test_two_levels_of_groups() -> None:
    policy = parse_log_policy(GROUPS.encode(), "policy")
    assert [each.vkey for each in policy.logs] == [LOG.vkey]
    names = [each.name for each in policy.witnesses]
    for count in range(7):
        for met in itertools.combinations(names, count):
            xs = sum(each.startswith("X") for each in met)
            assert policy.quorum_of(met) == (xs >= 2 and len(met) > xs), met


def test_a_single_witness_and_no_witness() -> None:
    one = parse_log_policy(f"witness a {X[0].vkey} https://x1.example\nquorum a".encode(), "policy")
    assert one.quorum_of(["a"])
    assert not one.quorum_of(["b"])
    assert one.logs == ()
    assert one.witnesses[0].url == "https://x1.example"
    assert parse_log_policy(b"quorum none\n", "policy").quorum_of([])


def test_a_number_may_be_that_of_all_members() -> None:
    policy = parse_log_policy(f"{WITNESSES}group a 2 X1 X2\nquorum a".encode(), "policy")
    assert policy.quorum_of(["X1", "X2"])
    assert not policy.quorum_of(["X1"])


def test_names_are_bytes() -> None:
    text = f"witness \xe4 {X[0].vkey}\nquorum \xe4".encode("latin-1")
    assert not parse_log_policy(text, "policy").quorum_of([])


@pytest.mark.parametrize(
    "text, detail",
    [
        ("", "has no quorum"),
        ("quorum", "line 1: 'quorum' is not"),
        ("quorum a b", "is not 'log"),
        ("log", "is not 'log"),
        ("witness a", "is not 'log"),
        ("group a all", "is not 'log"),
        ("\nfree text", "line 2: 'free text' is not"),
        ("quorum\xa0none", "is not 'log"),
        ("quorum a", "'a' is not a witness or a group of an earlier line"),
        ("quorum none\nquorum none", "second quorum"),
        (f"log {X[0].vkey}", "has type 4; a log has 1"),
        (f"witness a {LOG.vkey}", "has type 1; a witness has 4"),
        (f"log {LOG.vkey}\nlog {LOG.vkey}", "appears twice"),
        (f"log {LOG.vkey}\nlog {MemoryLog(origin='other').vkey}", "appears twice"),
        (f"witness a {X[0].vkey}\nwitness a {X[1].vkey}", "already defined"),
        (f"witness a {X[0].vkey}\nwitness b {X[0].vkey}", "appears twice"),
        (f"witness none {X[0].vkey}", "already defined"),
        (f"{WITNESSES}group X1 all X1", "already defined"),
        (f"{WITNESSES}group a all X1 X1", "member of a group twice"),
        (f"{WITNESSES}group a all X1\ngroup b all X1", "member of a group twice"),
        (f"{WITNESSES}group a all a", "earlier line"),
        (f"{WITNESSES}group a all none", "earlier line"),
        (f"{WITNESSES}group a 0 X1", "from 1 to 1"),
        (f"{WITNESSES}group a 2 X1", "from 1 to 1"),
        (f"{WITNESSES}group a 01 X1", "from 1 to 1"),
        ("log a+b", "not a key of a note"),
        ("quorum none\r", "control character"),
        ("#" * MAX_POLICY_BYTES + "\n", "larger than"),
        ("".join(f"log {MemoryLog(number=n).vkey}\n" for n in range(1, 67)), "line 65: more than"),
    ],
)
def test_other_files_are_refused(text: str, detail: str) -> None:
    with pytest.raises(InputError, match=detail) as error:
        parse_log_policy(text.encode(), "policy.txt")
    assert str(error.value).startswith("policy.txt: ")
    assert "\n" not in str(error.value)
