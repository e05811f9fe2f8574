"""A machine in memory for tests of policies: files, programs that are functions, and a clock that stays.

It does not model power cuts; the simulated device does.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import cast

from software_update.client.system import Clock, File, Network, ProgramResult, Storage, System

Program = Callable[[Sequence[str], bytes], bytes | int | OSError | ProgramResult]


class _File:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self, offset: int, length: int) -> bytes:
        return self._content[offset : offset + length]

    def close(self) -> None:
        pass


class _Storage:
    def __init__(self, files: Mapping[str, bytes], problems: Mapping[str, str]) -> None:
        self._files = files
        self._problems = problems

    def open(self, path: str) -> File:
        if path not in self._files:
            raise FileNotFoundError(2, "No such file or directory", path)
        return cast(File, _File(self._files[path]))

    def exists(self, path: str) -> bool:
        return path in self._files or bool(self.list(path))

    def list(self, folder: str) -> Sequence[str]:
        start = folder + "/"
        inside = (path[len(start) :] for path in self._files if path.startswith(start))
        return sorted({path.partition("/")[0] for path in inside})

    def owner_problem(self, path: str) -> str | None:
        return self._problems.get(path)


class _Programs:
    def __init__(self, program: Program | None) -> None:
        self._program = program

    def run(
        self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float = 30.0
    ) -> ProgramResult:
        if self._program is None:
            raise FileNotFoundError(2, "No such file or directory", argv[0])
        result = self._program(argv, stdin)
        if isinstance(result, OSError):
            raise result
        if isinstance(result, ProgramResult):
            return result
        if isinstance(result, int):
            return ProgramResult(result, b"", b"")
        return ProgramResult(0, result, b"")


def machine(
    files: Mapping[str, str | bytes] | None = None,
    program: Program | None = None,
    problems: Mapping[str, str] | None = None,
) -> System:
    """Returns a machine with these files, whose programs are all `program`.

    The function returns the program's standard output, its exit code, both in a result, or an error.
    `problems` are the answers of `owner_problem` by path. The machine has neither a clock nor a network: a
    policy that used them would fail.
    """
    contents = {
        path: each.encode() if isinstance(each, str) else each
        for path, each in (files or {}).items()
    }
    return System(
        cast(Storage, _Storage(contents, problems or {})),
        _Programs(program),
        cast(Clock, None),
        cast(Network, None),
    )
