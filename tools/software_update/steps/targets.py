"""Reads the targets of a bundle from digest records."""

from collections.abc import Sequence

from software_update.base import files
from software_update.base.errors import UsageError
from software_update.format.digest_record import read_record
from software_update.format.limits import MAX_TARGETS
from software_update.format.messages import Target
from software_update.steps.payload_files import check_distinct

_RECORD_BYTES = 64 * 1024 * 1024


def read_records(paths: Sequence[str], *, may_be_empty: bool = False) -> list[Target]:
    """Returns the targets of all digest records in `paths`, in any order.

    Raises InputError for a file that is not a digest record, and UsageError if the records have no
    target (unless `may_be_empty`), more than a bundle can have, or one name twice.
    """
    found = [
        (target, path)
        for path in paths
        for target in read_record(path, files.read_input(path, _RECORD_BYTES))
    ]
    check_distinct([(target.name, path) for target, path in found])
    if not found and not may_be_empty:
        raise UsageError(
            f"{paths[0]}: 0 targets, and none was collected; give the bundle at least one"
        )
    if len(found) > MAX_TARGETS:
        raise UsageError(f"{len(found)} targets; a bundle has at most {MAX_TARGETS}; make several")
    return [target for target, _ in found]
