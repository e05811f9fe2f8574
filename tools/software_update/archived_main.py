"""The command `software-update` as the rules run it: from one archive (`python_archive`).

A copy of this file, `archived_client_main.py`, is `software-update-client`, from an archive of its own.

Actions start it with the digest of its files as the first argument (`rules/private/actions/tool.bzl`).
The digest is for Bazel; the command does not see it. An old Python can run this module: see
`python_version`.
"""

import os
import sys
from collections.abc import Sequence
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, FileFinder, ModuleSpec
from types import ModuleType

_FOLDER = os.path.dirname(os.path.abspath(__file__))
_IS_CLIENT = os.path.basename(__file__) == "archived_client_main.py"
# `software-update` has one of three archives: that of all commands, or of the commands for some actions.
_ARCHIVES: "tuple[str, ...]" = ("packages", "action_packages", "image_packages")
if _IS_CLIENT:
    _ARCHIVES = ("client_packages",)
_PACKAGES = next(
    path for path in (os.path.join(_FOLDER, name) for name in _ARCHIVES) if os.path.isdir(path)
)


class _ExtensionModules:
    """Finds next to the archive what no other finder has found: what cannot be loaded out of it."""

    @staticmethod
    def find_spec(
        fullname: str,
        path: "Sequence[str] | None" = None,
        target: "ModuleType | None" = None,
    ) -> "ModuleSpec | None":
        folder = os.path.join(_PACKAGES, *fullname.split(".")[:-1])
        finder = FileFinder(folder, (ExtensionFileLoader, EXTENSION_SUFFIXES))
        return finder.find_spec(fullname, target)


# Also where a process that this one has spawned imports this module.
sys.path.insert(0, os.path.join(_PACKAGES, "python.zip"))
sys.meta_path.append(_ExtensionModules)

# Set by the rule of the test: a zipped launcher has changed into a folder of its own.
if os.environ.pop("SOFTWARE_UPDATE_IN_TEST_FOLDER", None):
    os.chdir(os.path.join(os.environ["TEST_SRCDIR"], os.environ["TEST_WORKSPACE"]))

if __name__ == "__main__":
    from software_update.base import python_version

    program = "software-update-client" if _IS_CLIENT else "software-update"
    python_version.check(program, "register such a Python toolchain")
    if _IS_CLIENT:
        from software_update.cli.client.dispatch import main

        sys.exit(main(sys.argv[1:]))
    from software_update.cli.main import run_process

    arguments = sys.argv[1:]
    if arguments and arguments[0].startswith("--tool-digest="):
        del arguments[0]
    run_process(arguments)
