"""The parts of C++ that all generated files share."""

from collections.abc import Iterable
from pathlib import PurePosixPath

RENEW = "./bazelw run //tools/workshop/device:update"


def header(path: str, source: str, purpose: str, includes: Iterable[str], body: str) -> str:
    """Returns the text of the header of the device library at `path`.

    `purpose` is the comment at its top, and `source` the files that it is generated from. An empty
    include separates groups.
    """
    guard = _guard(PurePosixPath(path))
    lines = "".join(f"#include {each}\n" if each else "\n" for each in includes)
    return f"""\
// {purpose}
// Generated from {source}.
// Renew it with: {RENEW}

#ifndef {guard}
#define {guard}

{lines}
namespace software_update {{

{body}
}}  // namespace software_update

#endif  // {guard}
"""


def _guard(path: PurePosixPath) -> str:
    name = path.name.replace(".", "_").upper()
    return f"SOFTWARE_UPDATE_{'SRC_' if path.parent.name == 'src' else ''}{name}_"


def enumerator(name: str) -> str:
    """Returns the C++ name of a constant: kNoTargets for `NO_TARGETS`, kKeyId for `key_id`."""
    return "k" + "".join(part[:1].upper() + part[1:].lower() for part in name.split("_"))


def number(value: int) -> str:
    """Returns a number of at most 64 bits as C++ writes it."""
    return str(value) if value < 2**31 else f"{value}u" if value < 2**32 else f"{value}ull"
