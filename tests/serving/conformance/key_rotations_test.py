"""Topic key_rotations: a new root counts if the keys of the root before it and its own have signed it."""

import pytest
from securesystemslib.signer import CryptoSigner
from software_update.testing.tuf_site import new_key, signed

from tests.serving.conformance.run import Run

K = [new_key() for _ in range(6)]


def root(
    run: Run, keys: list[CryptoSigner], signers: list[CryptoSigner], threshold: int = 1
) -> None:
    """Publishes the next root, for these keys, signed by `signers` only."""
    site = run.site
    site.signers["root"] = keys
    site.root.roles["root"].threshold = threshold
    site.publish_root()
    name = f"metadata/{site.root.version}.root.json"
    site.objects[name] = signed(site.root, *signers)


# The keys, the signers and the threshold of each root after the first, by numbers, and the version that is
# accepted in the end. The first root has a key of its own, here the number -1.
Roots = list[tuple[list[int], list[int], int]]
CASES: dict[str, tuple[Roots, int]] = {
    "same key": ([([-1], [-1], 1)], 2),
    "new key": ([([0], [-1, 0], 1)], 2),
    "new key without the old one": ([([0], [0], 1)], 1),
    "new key that has not signed": ([([0], [-1], 1)], 1),
    "two changes": ([([0], [-1, 0], 1), ([1], [0, 1], 1)], 3),
    "second change by the first key": ([([0], [-1, 0], 1), ([1], [-1, 1], 1)], 2),
    "higher threshold": ([([0, 1], [-1, 0, 1], 2)], 2),
    "higher threshold not met": ([([0, 1], [-1, 0], 2)], 1),
    "lower threshold": ([([0, 1], [-1, 0, 1], 2), ([0], [0, 1], 1)], 3),
    "old threshold not met": ([([0, 1], [-1, 0, 1], 2), ([0], [0], 1)], 2),
    "two of three keys in each step": (
        [
            ([0, 1, 2], [-1, 0, 1], 2),
            ([1, 2, 3], [1, 2], 2),
            ([3, 4, 5], [2, 3, 1, 4], 2),
        ],
        4,
    ),
    "signers of the same key only": ([([0, 1], [-1, 0, 0], 2)], 1),
}


@pytest.mark.parametrize("name", CASES)
def test_root_key_rotation(run: Run, name: str) -> None:
    steps, accepted = CASES[name]
    keys = [*K, *run.site.signers["root"]]
    for numbers, signers, threshold in steps:
        root(run, [keys[n] for n in numbers], [keys[n] for n in dict.fromkeys(signers)], threshold)
    # The other roles keep their keys.
    last = run.site.root.version
    assert run.refresh() == (0 if accepted == last else 1)
    assert run.versions()["root"] == accepted
    first = [f"{version}.root.json" for version in range(2, accepted + 2)]
    assert run.requested[: len(first)] == first


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
def test_rotation_of_another_key(run: Run, role: str) -> None:
    assert run.refresh() == 0
    run.site.signers[role] = [new_key()]
    run.site.publish_root()
    # Signed by the former key, the role does not count any more.
    assert run.refresh() == 1
    run.site.publish("targets")
    assert run.refresh() == 0
    assert run.versions()[role] == 2


def test_rotation_of_the_key_of_a_delegated_role(run: Run) -> None:
    run.site.delegate("delegated", ["*"])
    run.add("delegated", "file", b"content")
    run.site.publish("targets")
    assert run.download("file") == 0
    old = run.site.signers["delegated"]
    run.site.delegate("delegated", ["*"], signers=[new_key()])
    new, run.site.signers["delegated"] = run.site.signers["delegated"], old
    run.site.publish("targets", "delegated")
    assert run.download("file") == 1
    run.site.signers["delegated"] = new
    run.site.publish("delegated")
    assert run.download("file") == 0


def test_all_roots_between_are_verified_one_by_one(run: Run) -> None:
    for _ in range(20):
        run.site.publish_root()
    assert run.refresh() == 0
    assert run.versions()["root"] == 21
    del run.site.objects["metadata/5.root.json"]
    assert run.refresh() == 0
    assert run.requested[0] == "22.root.json"
