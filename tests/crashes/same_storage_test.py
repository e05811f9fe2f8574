"""The simulated storage behaves as the real one does, as long as the power is on."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from software_update.client.shell.files import MachineStorage
from software_update.client.simulator.image import Image
from software_update.client.simulator.storage import SimulatedStorage
from software_update.client.system import Storage

_NAMES = st.sampled_from(["a", "b", "d", "d/a", "d/e", "d/e/a", "l", "l/a", "missing/a"])
_TARGETS = st.sampled_from(["a", "d", "../d", "missing", "l", "d/e"])
_SIZES = st.integers(0, 6)
_BYTES = st.binary(max_size=6)
_STEPS = st.one_of(
    st.tuples(st.just("write"), _NAMES, _SIZES, _BYTES),
    st.tuples(st.just("truncate"), _NAMES, _SIZES),
    st.tuples(st.just("read"), _NAMES, _SIZES, _SIZES),
    st.tuples(st.sampled_from(["make_folder", "remove", "list", "exists"]), _NAMES),
    st.tuples(st.sampled_from(["read_link", "sync_folder", "size"]), _NAMES),
    st.tuples(st.just("rename"), _NAMES, _NAMES),
    st.tuples(st.just("make_link"), _TARGETS, _NAMES),
)


def do(storage: Storage, base: str, step: Sequence[Any]) -> object:
    """Returns the result of a step, or the kind of its error."""
    verb, *rest = step
    try:
        match verb:
            case "make_link":
                storage.make_link(rest[0], f"{base}/{rest[1]}")
                return None
            case "rename":
                storage.rename(*(f"{base}/{name}" for name in rest))
                return None
            case "write" | "truncate":
                file = storage.open_to_write(f"{base}/{rest[0]}")
                getattr(file, verb)(*rest[1:])
                return file.read(0, 100)
            case "read" | "size":
                return getattr(storage.open(f"{base}/{rest[0]}"), verb)(*rest[1:])
            case _:
                return getattr(storage, verb)(f"{base}/{rest[0]}")
    except OSError as error:
        # Of two reasons why one of these fails, either may be named.
        return "error" if verb in ("rename", "make_folder") else type(error).__name__


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(_STEPS, max_size=12))
def test_simulated_storage_behaves_as_the_real_one(steps: list[Sequence[Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        simulated, real = SimulatedStorage(Image.of({"/base/inside": None})), MachineStorage()
        # A link may lead to the folder above.
        real.make_folder(f"{folder}/inside")
        for number, step in enumerate(steps):
            expected = do(real, f"{folder}/inside", step)
            assert do(simulated, "/base/inside", step) == expected, (number, step)
