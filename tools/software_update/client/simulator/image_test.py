"""Tests of the content of a simulated medium."""

from software_update.client.simulator.image import Device, Folder, Image, Link

FILES: dict[str, bytes | Device | Link | None] = {
    "/etc/config": b"a",
    "/dev/slot": Device(b"1234"),
    "/data/current": Link("slots/A"),
    "/data/empty": None,
}


def test_image_contains_its_files_and_folders_above_them() -> None:
    image = Image.of(FILES)
    assert image.content("/etc/config") == b"a"
    assert image.content("/dev/slot") == b"1234"
    assert image.find("/data/current") == Link("slots/A")
    assert image.find("/data/empty") == Folder()
    assert image.find("/etc/missing") is None
    assert image.find("/etc/config/below") is None
    assert image.content("/data") is None


def test_order_of_files_does_not_matter() -> None:
    other = Image.of(dict(reversed(list(FILES.items()))))
    assert other == Image.of(FILES)
    assert hash(other) == hash(Image.of(FILES))


def test_images_with_other_content_differ() -> None:
    assert Image.of(FILES) != Image.of({**FILES, "/etc/config": b"b"})
    assert Image.of(FILES) != Image.of({**FILES, "/etc/new": b""})


def test_replaced_file_leaves_the_original_image() -> None:
    before = Image.of(FILES)
    after = before.replaced({"/dev/slot": b"5678"})
    assert before.content("/dev/slot") == b"1234"
    assert after.find("/dev/slot") == Device(b"5678")
    assert after.replaced({"/dev/slot": b"1234"}) == before


def test_walk_yields_each_path_once() -> None:
    assert [path for path, _ in Image.of({"/b/c": b"", "/a": b""}).walk()] == [
        "/",
        "/a",
        "/b",
        "/b/c",
    ]
