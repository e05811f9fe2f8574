#!/usr/bin/env python3
"""A signing program for a queue: it puts the request into a folder, and waits for the signature.

    SIGNING_QUEUE=/mnt/share/queue software-update sign REQUEST --key exec:./queue_signer.py --public PUB

On the machine that has the key: software-update sign --queue DIR --key URI --serve

SIGNING_QUEUE          the folder
SIGNING_QUEUE_SECONDS  how long to wait; 100 if left out. Give --timeout of `sign` more than that.

A request stays in the queue: ask again later, and a signature that was made in the meantime is there at once.
One that is killed may leave a hidden file, .NAME.HEX, which nothing reads.
"""

import json
import os
import time
from pathlib import Path
from typing import Any

from signing_program import NoSignature, Question, read_json, run, setting

_LOOK_SECONDS = 0.5
_MAX_BYTES = 4096


def sign(question: Question) -> bytes:
    """r and s, as signature files have it. Whether it is good is for `sign` to check."""
    if question.request is None:
        raise NoSignature("a queue needs the JSON next to the request; keep the two together")
    listed = [key for authority in question.request["authorities"] for key in authority["key_ids"]]
    if question.key_id not in listed:
        raise NoSignature(f"the request does not ask for key {question.key_id[:16]}")
    queue = Path(setting("SIGNING_QUEUE"))
    seconds = float(setting("SIGNING_QUEUE_SECONDS", "100"))
    name = f"{question.sha256.hex()}.signing_request"
    _put(queue / f"{name}.json", json.dumps(question.request, indent=1).encode() + b"\n")
    _put(queue / name, question.message)
    path = queue / "signatures" / f"{question.sha256.hex()[:16]}.{question.key_id[:8]}.json"
    deadline = time.monotonic() + seconds
    while (signature := _signature(path, question)) is None:
        if time.monotonic() > deadline:
            raise NoSignature(
                f"no {path} within {seconds:g} s; the request waits there, ask again later"
            )
        time.sleep(_LOOK_SECONDS)
    return signature


def _put(path: Path, content: bytes) -> None:
    """Writes a file next to its place and renames it, unless it is there."""
    if path.is_file() and path.read_bytes() == content:
        return
    beside = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _signature(path: Path, question: Question) -> bytes | None:
    """The signature in a file; None where it is not there, or for something else."""
    # Reading something other than a file could wait forever.
    if not path.is_file():
        return None
    try:
        with open(path, "rb") as file:
            fields: Any = read_json(file.read(_MAX_BYTES))
        if (fields["sha256"], fields["key_id"]) != (question.sha256.hex(), question.key_id):
            return None
        return bytes.fromhex(fields["signature"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


if __name__ == "__main__":
    run(sign)
