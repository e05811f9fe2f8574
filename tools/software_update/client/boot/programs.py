"""Runs a program that reads or sets the state of a boot loader."""

from collections.abc import Sequence

from software_update.base.errors import shown
from software_update.client.boot_control import BootError
from software_update.client.system import System


def run_program(
    system: System, argv: Sequence[str], *, if_missing: str, if_failed: str, stdin: bytes = b""
) -> bytes:
    """Returns the output of a program.

    Raises BootError, which ends with `if_missing` or `if_failed`, the advice for that case.
    """
    try:
        result = system.programs.run(argv, stdin=stdin)
    except FileNotFoundError:
        raise BootError(f"{argv[0]}: missing; {if_missing}") from None
    except OSError as error:
        raise BootError(f"{argv[0]}: {error}") from error
    if result.exit_code != 0:
        lines = result.stderr.decode(errors="replace").split("\n")
        said = next((line for line in reversed(lines) if line.strip()), "")
        raise BootError(f"{argv[0]}: ended with {result.exit_code} ({shown(said)}); {if_failed}")
    return result.stdout
