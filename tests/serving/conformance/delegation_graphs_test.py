"""Topic delegation_graphs: which roles are visited for a target, in which order, and which one decides."""

from collections.abc import Sequence

import pytest
from software_update.testing.tuf_site import new_key
from tuf.api.metadata import Delegations, SuccinctRoles

from tests.serving.conformance.run import Run

# Parent, name, paths, terminating.
Edge = tuple[str, str, Sequence[str], bool]


def build(run: Run, edges: Sequence[Edge]) -> None:
    for parent, name, paths, terminating in edges:
        run.site.delegate(name, paths, parent=parent, terminating=terminating)
    run.site.publish("targets")


def visited(run: Run, path: str = "missing") -> list[str]:
    """Returns the delegated roles that are requested for a target, in order."""
    run.download(path)
    known = ("root.json", "timestamp.json", "snapshot.json", "targets.json")
    names = [each for each in run.requested if not each.endswith(known)]
    return [each.split(".", 1)[1].removesuffix(".json") for each in names]


@pytest.mark.parametrize(
    ("edges", "order"),
    [
        ([], []),
        ([("targets", "A", ["*"], False), ("targets", "B", ["*"], False)], ["A", "B"]),
        (
            [
                ("targets", "A", ["*"], False),
                ("targets", "B", ["*"], False),
                ("A", "C", ["*"], False),
                ("C", "D", ["*"], False),
            ],
            ["A", "C", "D", "B"],
        ),
        # A terminating role ends the search in the roles after it, not in those below it.
        (
            [
                ("targets", "A", ["*"], True),
                ("targets", "B", ["*"], False),
                ("A", "C", ["*"], False),
            ],
            ["A", "C"],
        ),
        (
            [
                ("targets", "A", ["*"], False),
                ("A", "B", ["*"], True),
                ("A", "C", ["*"], False),
                ("targets", "D", ["*"], False),
            ],
            ["A", "B"],
        ),
        # Circles.
        ([("targets", "A", ["*"], False), ("A", "A", ["*"], False)], ["A"]),
        (
            [
                ("targets", "A", ["*"], False),
                ("A", "B", ["*"], False),
                ("B", "A", ["*"], False),
            ],
            ["A", "B"],
        ),
        # Paths that do not match are not visited.
        (
            [
                ("targets", "A", ["other/*"], False),
                ("targets", "B", ["miss?ng"], False),
                ("targets", "C", ["a/*", "*"], False),
                ("targets", "D", ["*/missing"], False),
            ],
            ["B", "C"],
        ),
    ],
)
def test_roles_are_visited_in_order(run: Run, edges: Sequence[Edge], order: list[str]) -> None:
    build(run, edges)
    assert visited(run) == order


def test_first_role_that_lists_a_target_decides(run: Run) -> None:
    edges: list[Edge] = [("targets", name, ["*"], False) for name in "AB"]
    build(run, [*edges, ("A", "C", ["*"], False)])
    run.add("B", "file", b"from B")
    run.add("C", "file", b"from C")
    run.site.publish("B", "C")
    assert visited(run, "file") == ["A", "C"]
    assert run.downloaded == [b"from C"]


def test_role_cannot_list_targets_outside_of_its_paths(run: Run) -> None:
    build(run, [("targets", "A", ["a/*"], False)])
    run.add("A", "b/file", b"content")
    run.add("A", "a/b/file", b"content")
    run.site.publish("A")
    for path in ("b/file", "a/b/file"):
        assert run.download(path) == 1
    assert run.requested_targets == []


def test_role_is_verified_with_the_keys_of_each_role_that_delegates_to_it(run: Run) -> None:
    """Of a diamond, one side names the key that signs, and the other side another key."""
    build(run, [("targets", "A", ["a"], False), ("targets", "B", ["b"], False)])
    right, wrong = new_key(), new_key()
    run.site.delegate("C", ["*"], parent="A", signers=[right])
    run.site.delegate("C", ["*"], parent="B", signers=[wrong])
    run.site.signers["C"] = [right]
    for path in ("a", "b"):
        run.add("C", path, path.encode())
    run.site.publish("A", "B", "C")
    assert run.download("a") == 0
    # The stored role was verified for the other side only.
    assert run.download("b") == 1
    assert run.download("a", "b") == 1
    assert run.downloaded == [b"a"]


def test_number_of_visited_roles_is_limited(run: Run) -> None:
    names = [f"role{number}" for number in range(40)]
    parents = ["targets", *names]
    build(run, [(parent, name, ["*"], False) for parent, name in zip(parents, names, strict=False)])
    assert visited(run) == names[:32]


def test_hashed_bins_are_visited_one_at_a_time(run: Run) -> None:
    (key,) = run.site.signers["targets"]
    bins = SuccinctRoles([key.public_key.keyid], 1, 3, "bin")
    run.site.roles["targets"].delegations = Delegations(
        {key.public_key.keyid: key.public_key}, None, succinct_roles=bins
    )
    for name in bins.get_roles():
        run.site.roles[name] = run.site.new_role()
        run.site.signers[name] = [key]
    for number in range(8):
        path = f"file{number}"
        run.add(bins.get_role_for_target(path), path, path.encode())
    run.site.publish("targets")
    assert visited(run, "file3") == [bins.get_role_for_target("file3")]
    assert run.downloaded == [b"file3"]
    assert run.download(*[f"file{number}" for number in range(8)]) == 0


def test_delegated_role_that_the_snapshot_does_not_list_is_rejected(run: Run) -> None:
    build(run, [("targets", "A", ["*"], False)])
    del run.site.snapshot.meta["A.json"]
    run.site.publish_snapshot()
    run.site.publish_timestamp()
    assert run.download("missing") == 1
    assert run.requested[-1] == "2.targets.json"
