"""Tests of the first part of a bundle."""

from software_update.bundle.head import read_head
from software_update.repository.first_part import FirstPart
from software_update.testing.repositories import Release


def test_head_is_read_from_the_first_part_and_knows_the_whole_size() -> None:
    bundle = Release("1.0", 1, {"app": bytes(100_000)}).bundle
    end = read_head(FirstPart(bundle, len(bundle))).end
    assert end < len(bundle)
    head = read_head(FirstPart(bundle[:end], len(bundle)), end)
    assert (head.end, head.envelope.size) == (end, len(bundle))
