"""The device library reads the manifest of a device as Python does."""

from tests.device_library import installed_manifests, library


def test_both_readers_read_the_same() -> None:
    tested = library.from_environment()
    assert installed_manifests.different(tested) == []
    assert len(installed_manifests.manifests()) > 20
    good = [each for each in installed_manifests.changed() if installed_manifests.expected(*each)]
    assert len(good) > 100


def test_too_many_targets() -> None:
    assert installed_manifests.too_many(library.from_environment())
