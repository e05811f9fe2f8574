"""Asks a witness to cosign the checkpoint of a log (c2sp.org/tlog-witness)."""

import http.client
import re
import urllib.error
import urllib.request
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from software_update.base.errors import InputError, printable, shown
from software_update.disclosure.log_prove import witness_request
from software_update.transparency.note import MAX_NOTE_BYTES

if TYPE_CHECKING:
    from software_update.repository.current import Readable

_TIMEOUT_SECONDS = 30
_CONFLICT = 409
_SIZE = re.compile(rb"(0|[1-9][0-9]{0,17})\n?")


def ask_witness(storage: "Readable", url: str) -> bytes:
    """Returns the answer of the witness at `url`: lines with cosignatures, which nothing has checked.

    Raises InputError if it does not cosign.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise InputError(
            f"{shown(url)}: is not the https:// address of a witness; correct the policy"
        )
    # A new witness has seen nothing; another one answers with the number of records that it has seen.
    status, answer = _post(url, witness_request(storage, 0))
    if status == _CONFLICT and (size := _SIZE.fullmatch(answer)):
        status, answer = _post(url, witness_request(storage, int(size[1])))
    if status != http.HTTPStatus.OK:
        reason = shown(answer.decode(errors="replace").strip())
        raise InputError(f"{printable(url)}: the witness does not cosign: {status} {reason}")
    return answer


def _post(url: str, body: bytes) -> tuple[int, bytes]:
    request = urllib.request.Request(f"{url.rstrip('/')}/add-checkpoint", body, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:
            return answer.status, answer.read(MAX_NOTE_BYTES)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(MAX_NOTE_BYTES)
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise InputError(f"{printable(url)}: {printable(str(reason))}; check the address") from None
