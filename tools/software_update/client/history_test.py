"""Tests of the history: its chain, and its file after power cuts and changes."""

import pytest

from software_update.base.errors import InputError
from software_update.client import history
from software_update.client.simulator.image import Image
from software_update.client.simulator.storage import SimulatedStorage
from software_update.client.state import HistoryHead
from software_update.testing.memory_storage import MemoryStorage

FOLDER = "/state"
PATH = f"{FOLDER}/history.jsonl"


@pytest.fixture
def storage() -> MemoryStorage:
    made = MemoryStorage()
    made.make_folder(FOLDER)
    return made


def written(storage: MemoryStorage, count: int = 3) -> HistoryHead:
    head = HistoryHead()
    for number in range(count):
        head = history.append(storage, FOLDER, history.add_line(head, {"at": number}))
    return head


def content(storage: MemoryStorage) -> bytes:
    file = storage.open(PATH)
    return file.read(0, file.size())


def replace_content(storage: MemoryStorage, new: bytes) -> None:
    file = storage.open_to_write(PATH)
    file.write(0, new)
    file.truncate(len(new))


def test_lines_form_a_chain(storage: MemoryStorage) -> None:
    head = history.add_line(written(storage), {"at": 3})
    assert history.verify(storage, FOLDER, head) == 4
    assert (head.lines, len(head.pending)) == (3, 1)


def test_waiting_lines_are_read_too(storage: MemoryStorage) -> None:
    head = history.add_line(written(storage), {"at": 3})
    assert [line[:8] for line in history.read_lines(storage, FOLDER, head)] == [
        f'{{"at":{n},' for n in range(4)
    ]


@pytest.mark.parametrize("torn", range(1, 80, 13))
def test_torn_end_is_repaired(storage: MemoryStorage, torn: int) -> None:
    head = history.add_line(written(storage), {"at": 3})
    history.append(storage, FOLDER, head)
    replace_content(storage, content(storage)[:-torn])
    repaired = history.append(storage, FOLDER, head)
    assert history.verify(storage, FOLDER, repaired) == 4


def test_append_twice_writes_once(storage: MemoryStorage) -> None:
    head = history.add_line(written(storage), {"at": 3})
    assert history.append(storage, FOLDER, head) == history.append(storage, FOLDER, head)
    assert content(storage).count(b"\n") == 4


def test_shortened_file_is_detected(storage: MemoryStorage) -> None:
    head = history.add_line(written(storage), {"at": 3})
    whole = content(storage)
    replace_content(storage, whole[: whole.rindex(b"\n", 0, -1) + 1])
    with pytest.raises(InputError, match="it was shortened"):
        history.append(storage, FOLDER, head)
    with pytest.raises(InputError, match="it was shortened"):
        history.verify(storage, FOLDER, head)


@pytest.mark.parametrize("line", range(3))
def test_changed_line_is_detected(storage: MemoryStorage, line: int) -> None:
    head = written(storage)
    changed = content(storage).replace(b'"at":%d' % line, b'"at":7')
    replace_content(storage, changed)
    with pytest.raises(InputError, match=r"does not follow|another digest"):
        history.verify(storage, FOLDER, head)


def test_line_that_is_not_json_is_named(storage: MemoryStorage) -> None:
    with pytest.raises(InputError, match=r"^history line 1: is not a line of the history$"):
        history.check_chain(["hello"])


def test_name_of_the_file_is_on_the_medium_although_its_creator_was_killed() -> None:
    storage = SimulatedStorage(Image.of({FOLDER: None}))
    storage.open_to_write(PATH).close()
    again = SimulatedStorage.resumed(storage.snapshot())
    head = history.append(again, FOLDER, history.add_line(HistoryHead(), {"at": 1}))
    for _, image in again.snapshot().outcomes(100):
        assert history.verify(SimulatedStorage(image), FOLDER, head) == 1
