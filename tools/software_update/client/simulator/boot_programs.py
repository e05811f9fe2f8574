"""`fw_printenv` and `fw_setenv` of libubootenv, on simulated storage.

Like the real ones, they do not sync: the environment is safe only after a sync of the file or block device.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from software_update.client.simulator import environment
from software_update.client.system import ProgramResult, Storage

DEFAULT_CONFIG = "/etc/fw_env.config"
DEFAULT_VARIABLES = "/etc/u-boot-initial-env"

_WITH_VALUE = {
    "-c": "-c",
    "--config": "-c",
    "-f": "-f",
    "--defenv": "-f",
    "-s": "-s",
    "--script": "-s",
}


@dataclass(frozen=True, slots=True)
class BootPrograms:
    """The two programs. If no copy is intact, the file of option `-f` has the variables."""

    storage: Storage

    def printenv(self, argv: Sequence[str], stdin: bytes) -> ProgramResult:
        """Runs `fw_printenv [-c CONFIG] [-f DEFAULTS] [-n] [NAME...]`."""
        del stdin
        options, names = _parse(argv)
        try:
            variables = self._read(_places(self.storage, options), options)[1]
        except _Failed as error:
            return _failure(error)
        if "-n" in options:
            lines = [variables.get(name, "") for name in names]
        else:
            chosen = names or sorted(variables)
            lines = [f"{name}={variables.get(name, '')}" for name in chosen]
        return ProgramResult(0, "".join(line + "\n" for line in lines).encode(), b"")

    def setenv(self, argv: Sequence[str], stdin: bytes) -> ProgramResult:
        """Runs `fw_setenv [-c CONFIG] [-f DEFAULTS] -s -`, or with `NAME [VALUE]` instead of `-s`."""
        options, words = _parse(argv)
        try:
            places = _places(self.storage, options)
            before, variables = self._read(places, options)
        except _Failed as error:
            return _failure(error)
        script = options.get("-s")
        if script is None:
            changes = dict([*zip(words[::2], words[1::2], strict=False)])
            changes.update(dict.fromkeys(words[len(words) // 2 * 2 :], ""))
            if all(variables.get(name, "") == value for name, value in changes.items()):
                return ProgramResult(0, b"", b"")
        else:
            changes = _script(stdin if script == "-" else _content(self.storage, script))
        variables.update(changes)
        kept = {name: value for name, value in variables.items() if value}
        try:
            environment.write(self.storage, places, before, kept)
        except (OSError, ValueError) as error:
            return ProgramResult(1, b"", f"Error storing the env: {error}\n".encode())
        return ProgramResult(0, b"", b"")

    def _read(
        self, places: Sequence[environment.Place], options: Mapping[str, str]
    ) -> tuple[environment.Environment, dict[str, str]]:
        try:
            before = environment.read(self.storage, places)
        except OSError as error:
            raise _Failed("Cannot initialize environment") from error
        if before.variables is not None:
            return before, dict(before.variables)
        try:
            return before, _script(_content(self.storage, options.get("-f", DEFAULT_VARIABLES)))
        except OSError as error:
            raise _Failed("Cannot read default environment from file") from error


class _Failed(Exception):
    pass


def _failure(error: _Failed) -> ProgramResult:
    return ProgramResult(1, b"", f"{error}\n".encode())


def _parse(argv: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    options: dict[str, str] = {}
    words = []
    rest = iter(argv[1:])
    for word in rest:
        if word in _WITH_VALUE:
            options[_WITH_VALUE[word]] = next(rest, "")
        elif word in ("-n", "--no-header"):
            options["-n"] = ""
        else:
            words.append(word)
    return options, words


def _places(storage: Storage, options: Mapping[str, str]) -> tuple[environment.Place, ...]:
    try:
        text = _content(storage, options.get("-c", DEFAULT_CONFIG)).decode()
        places = environment.parse_config(text)
    except (OSError, ValueError) as error:
        raise _Failed("Cannot initialize environment") from error
    if not places:
        raise _Failed("Cannot initialize environment")
    return places


def _content(storage: Storage, path: str) -> bytes:
    file = storage.open(path)
    content = file.read(0, file.size())
    file.close()
    return content


def _script(text: bytes) -> dict[str, str]:
    changes = {}
    for line in text.decode().splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            changes[name] = value
    return changes
