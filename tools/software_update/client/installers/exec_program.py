"""A product's program as installer. The protocol is `software_update.exec_installer.v1`."""

from collections.abc import Callable, Sequence
from posixpath import dirname

from software_update.client.installer import InstallError, TargetWriter
from software_update.client.installers.file_writer import FileWriter, read_file
from software_update.client.json_program import JsonProgram, texts
from software_update.client.paths import naming
from software_update.client.system import File, System

PROTOCOL = "software_update.exec_installer.v1"


class ExecInstaller:
    """An installer that is a program, such as for a coprocessor or a volume of raw flash.

    `program` is a path and its arguments, and `timeout` in seconds. Bytes go through the file `staging`, in
    a folder that only the service can write to: it contains a whole target before the program writes it.

        ExecInstaller(system, ["/usr/libexec/flash-coprocessor"], staging="/var/lib/x/staging")
    """

    def __init__(
        self, system: System, program: Sequence[str], staging: str, *, timeout: float = 600.0
    ) -> None:
        self._storage = system.storage
        self._program = JsonProgram(system.programs, program, PROTOCOL, timeout, InstallError)
        self._staging = staging

    def check(self) -> list[str]:
        """Returns the problems that the program reports, or the reason why it does not answer."""
        try:
            found = texts(self._ask("check").get("problems"))
            if found is None:
                raise self._program.wrong("check", "problems")
        except InstallError as error:
            return [str(error)]
        folder = dirname(self._staging)
        if not self._storage.exists(folder):
            found.append(f"{folder}: missing; create it, or correct the path")
        return found

    def problem(self, slot: str, target: str, length: int) -> str | None:
        """Returns why the target does not fit: the program's reason, or too little space to stage it."""
        folder = dirname(self._staging)
        try:
            free = self._storage.free_bytes(folder)
            reason = self._ask("problem", slot=slot, target=target, length=length).get(
                "problem", False
            )
            if reason is not None:
                found = texts([reason])
                if found is None:
                    raise self._program.wrong("problem", "problem")
                return found[0]
        except OSError as error:
            return str(error)
        if length > free:
            return f"{folder}: has room for {free} bytes, and target '{target}' has {length}"
        return None

    def clear(self, slot: str) -> None:
        """Lets the program remove what an earlier release left in the slot."""
        self._ask("clear", slot=slot)

    def begin(self, slot: str, target: str, length: int) -> TargetWriter:
        """Starts to stage the target. `finish` runs the program, and then removes the staged bytes."""

        def publish() -> None:
            try:
                self._ask("write", slot=slot, target=target, length=length, file=self._staging)
            finally:
                self._remove()

        return _StagedWriter(self._open(), self._staging, length, publish, self._remove)

    def read(self, slot: str, target: str, offset: int, length: int) -> bytes:
        """Returns bytes that the program has written into the staging file."""
        self._open().close()
        try:
            answer = self._ask(
                "read", slot=slot, target=target, offset=offset, length=length, file=self._staging
            )
            found = answer.get("found")
            if not isinstance(found, bool):
                raise self._program.wrong("read", "found")
            if not found:
                raise FileNotFoundError(f"slot '{slot}': does not contain target '{target}'")
            return read_file(self._storage, self._staging, 0, length)
        finally:
            self._remove()

    def _open(self) -> File:
        """Returns the staging file, empty."""
        self._remove()
        with naming(self._staging, InstallError):
            return self._storage.open_to_write(self._staging)

    def _remove(self) -> None:
        with naming(self._staging, InstallError):
            self._storage.remove(self._staging)

    def _ask(
        self,
        call: str,
        *,
        slot: str | None = None,
        target: str | None = None,
        offset: int | None = None,
        length: int | None = None,
        file: str | None = None,
    ) -> dict[str, object]:
        return self._program.ask(
            call, slot=slot, target=target, offset=offset, length=length, file=file
        )


class _StagedWriter(FileWriter):
    """A file that an abort removes."""

    def __init__(
        self,
        file: File,
        path: str,
        length: int,
        publish: Callable[[], None],
        remove: Callable[[], None],
    ) -> None:
        super().__init__(file, path, length, publish)
        self._remove = remove

    def abort(self) -> None:
        """Closes and removes the file."""
        super().abort()
        self._remove()
