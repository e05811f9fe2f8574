"""Text that people and programs write: its encoding, and how to show text that is not trusted.

The encoding is UTF-8 without a byte order mark, and no other.
"""

from software_update.base.errors import InputError

_UTF8_MARK = b"\xef\xbb\xbf"
# UTF-32 before UTF-16, whose little-endian mark begins UTF-32's.
_MARKS = (
    (b"\xff\xfe\0\0", "UTF-32"),
    (b"\0\0\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)


def readable(text: str) -> str:
    """Returns an untrusted text in which letters of all languages stay, and all else is escaped.

    Python's `isprintable` is false for control characters, for line ends, and for invisible characters,
    which can also change the direction of the text after them.
    """
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def encoding_problem(content: bytes) -> str | None:
    """Says that `content` is in UTF-16 or UTF-32 or has a byte order mark, and what to do; else None.

    Without a byte order mark, the zero bytes next to a first ASCII character tell the encoding.
    """
    if content.startswith(_UTF8_MARK):
        found = "starts with a UTF-8 byte order mark"
    elif encoding := _wide_encoding(content):
        found = f"is {encoding} text"
    else:
        return None
    return f"{found}; save it as UTF-8 without a byte order mark"


def check_encoding(path: str, content: bytes) -> None:
    """Raises InputError, with a command that converts the file, if `content` has an encoding problem."""
    problem = encoding_problem(content)
    if problem is None:
        return
    import shlex

    encoding, file = _wide_encoding(content), shlex.quote(path)
    command = f"iconv -f {encoding} -t UTF-8 {file}" if encoding else f"tail -c +4 {file}"
    raise InputError(f"{path}: {problem}, for example with: {command} > NEW")


def _wide_encoding(content: bytes) -> str | None:
    """The name that iconv has for UTF-16 or UTF-32; None for any other encoding."""
    for mark, name in _MARKS:
        if content.startswith(mark):
            return name
    zeros = [byte == 0 for byte in content[:4]]
    if zeros == [False, True, True, True]:
        return "UTF-32LE"
    if zeros == [True, True, True, False]:
        return "UTF-32BE"
    if zeros[:2] == [False, True]:
        return "UTF-16LE"
    if zeros[:2] == [True, False]:
        return "UTF-16BE"
    return None
