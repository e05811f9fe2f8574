"""The roots before a bundle's root, as far as a build finds them in its graph."""

from software_update.base import files
from software_update.base.errors import InputError
from software_update.base.strict_json import parse_file
from software_update.verify.trust_files import parse_root, read_root_file

_LIST_BYTES = 1024 * 1024
_ENTRIES = '[{"file": "root_1.root.pb"}]'


def read_collected_roots(path: str) -> list[str]:
    """Returns the paths of the roots that the file lists, sorted by version.

    Raises InputError if the list shows that the build knows only some of the roots.
    """
    return sorted(_read(path), key=_version)


def check_first_root(path: str) -> None:
    """Raises InputError if the root in a file follows another one, which the build then does not know."""
    version = _version(path)
    if version != 1:
        raise InputError(
            f"{path}: previous is this file, of version {version}, so the build does not know the "
            "roots before it; write root_chain into the bundle, or a label into previous"
        )


def _version(path: str) -> int:
    return parse_root(path, read_root_file(path))[1].common.version


def _read(path: str) -> list[str]:
    """Returns the paths in the list. An entry {"label", "previous"} means that earlier roots are missing."""
    try:
        entries = parse_file(path, files.read_input(path, _LIST_BYTES))
        unknown = [(each["label"], each["previous"]) for each in entries if "previous" in each]
        paths = [each["file"] for each in entries if "previous" not in each]
        if not isinstance(entries, list) or not all(
            isinstance(each, str) and each for each in paths
        ):
            raise ValueError
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{path}: not of the form {_ENTRIES}") from None
    for label, previous in unknown:
        raise InputError(
            f"{label}: previous is a file, {previous}, so the build does not know the roots before it; "
            "write root_chain into the bundle, or a label into previous"
        )
    return paths
