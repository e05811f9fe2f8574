"""The names of objects in a storage."""

from software_update.base.errors import InputError, shown

_MEDIA_TYPES = {".json": "application/json"}


def check_name(name: str) -> None:
    """Raises InputError if a part of a name is empty, `.` or `..`, or if it has a control character."""
    if any(part in ("", ".", "..") for part in name.split("/")) or not name.isprintable():
        raise InputError(f"'{shown(name)}': not the name of an object; correct it")


def media_type(name: str) -> str:
    """Returns the Content-Type of an object."""
    return next(
        (kind for end, kind in _MEDIA_TYPES.items() if name.endswith(end)),
        "application/octet-stream",
    )
