"""Makes the proof that a record is in a log, and the consistency proof that a witness asks for."""

import base64
from typing import TYPE_CHECKING

from software_update.base.errors import Advice, InputError
from software_update.disclosure.log_add import check_tree, find_record
from software_update.disclosure.log_folder import SignedCheckpoint, read_log, tiles_of
from software_update.transparency.proof import build_proof

if TYPE_CHECKING:
    from software_update.repository.current import Readable


class NotInLog(InputError):
    """A record that the log has not signed."""

    exit_code = 1


def prove(storage: "Readable", record: bytes) -> bytes:
    """Returns the proof of a record, with the newest checkpoint. Raises NotInLog if the log lacks it."""
    signed = _signed(storage)
    tiles = tiles_of(storage, signed.checkpoint.size)
    check_tree(tiles, signed.checkpoint)
    index = find_record(storage, tiles, record)
    if index is None:
        raise NotInLog(
            f"{storage.describe()}: the log has not signed this release", Advice.ADD_TO_LOG
        )
    return build_proof(index, tiles.inclusion(index), signed.note.content())


def witness_request(storage: "Readable", old: int) -> bytes:
    """Returns the body of a request to a witness that has seen `old` records (c2sp.org/tlog-witness)."""
    signed = _signed(storage)
    size = signed.checkpoint.size
    if old > size:
        raise InputError(
            f"{storage.describe()}: has signed {size} records, and the witness has seen {old}"
        )
    tiles = tiles_of(storage, size)
    check_tree(tiles, signed.checkpoint)
    hashes = map(base64.b64encode, tiles.consistency(old))
    lines = b"".join(each + b"\n" for each in (b"old %d" % old, *hashes))
    return lines + b"\n" + signed.note.content()


def _signed(storage: "Readable") -> SignedCheckpoint:
    log = read_log(storage)
    if log.signed is None:
        raise InputError(f"{storage.describe()}: is not signed yet", Advice.SIGN_LOG)
    return log.signed
