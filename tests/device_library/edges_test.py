"""The device library at its edges: with the verdict of the Python verifier, or the one answer that fits."""

import dataclasses
import hashlib

import pytest
from software_update.verify.roots import trust_root

from tests.device_library import edges, library, python_judge, sizes, subjects
from tests.device_library.library import TAKES_ROOTS, Around
from tests.device_library.signatures import of_all_cases
from tests.device_library.subjects import Subject

ACCEPTED = [each for each in subjects.kept() if each.verdict == "ACCEPT"]


@pytest.fixture(scope="module")
def tested() -> library.Library:
    return library.from_environment()


def test_edges(tested: library.Library) -> None:
    wrong = []
    for edge in edges.all_edges():
        question = dataclasses.replace(edge.question, listed=edges.good_signatures())
        device = edge.same_device or question.device
        expected = edge.verdict or str(python_judge.verdict(question.bundle, device))
        answer = question.judged(tested)
        if answer != expected:
            wrong.append((edge.name, expected, answer))
    assert wrong == []


def root_in_force(subject: Subject) -> bytes:
    newer = edges.newer_roots(subject.bundle, subject.device)
    return newer[-1] if newer else subject.device.trusted


def test_client_gets_the_roots_that_the_device_moves_to(tested: library.Library) -> None:
    """A client takes bundles in the usual order only."""
    listed, moved = of_all_cases(), 0
    for each in ACCEPTED:
        if sizes.has_unusual_order(subjects.take_apart(each.bundle, subjects.BUNDLE)):
            continue
        tested.judge(
            each.bundle, each.device, piece=7, listed=listed, around=Around(roots=TAKES_ROOTS)
        )
        newer = edges.newer_roots(each.bundle, each.device)
        assert tested.result.roots == len(edges.signed_roots(each.bundle)), each.name
        digest = hashlib.sha256(b"".join(newer)).digest()
        assert bytes(tested.result.newer) == digest, each.name
        moved += len(newer)
    assert moved > 20


def test_client_gets_the_keys_of_the_root_in_force(tested: library.Library) -> None:
    for each in ACCEPTED:
        tested.judge(each.bundle, each.device, listed=of_all_cases())
        root = trust_root(root_in_force(each))
        keys = [key.identity for key in root.keys if key.key_id in root.targets.key_ids]
        assert tested.result.keys == len(keys), each.name
        digest = hashlib.sha256(b"".join(keys)).digest()
        assert bytes(tested.result.identities) == digest, each.name


def test_skipped_payloads_are_only_hashed(tested: library.Library) -> None:
    for each in ACCEPTED:
        question = edges.Question(
            each.bundle, each.device, listed=of_all_cases(), sink=library.SKIPS
        )
        assert question.judged(tested) in ("ACCEPT", "beyond order"), each.name
        assert (tested.result.written, tested.result.good) == (0, 0)
