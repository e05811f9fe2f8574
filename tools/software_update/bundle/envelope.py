"""The envelope round metadata and payloads: field numbers, and where each part lies in a file.

A bundle is one UpdateBundle message (proto/update_bundle.proto), read and written here as a stream, so
that neither memory nor the 2 GiB limit of a protobuf message bounds its payloads.
"""

from typing import NamedTuple

from software_update.format.names import USER_MANIFEST

TARGETS_FIELD = 3
PAYLOAD_FIELD = 4
ROOT_FIELD = 5
ROOT_CHAIN_FIELD = 65
# A map field's entries are messages of these two fields.
KEY_FIELD = 1
VALUE_FIELD = 2


class Payload(NamedTuple):
    """A payload in a bundle: the name of its target, and its place and length in the file, in bytes.

    `sha256` is the digest of its bytes, empty if that was not computed. `content_problem` says why a
    compressed payload does not contain the original of its target, empty if that was not found.
    """

    name: str
    offset: int
    length: int
    sha256: bytes = b""
    content_problem: str = ""


class Envelope(NamedTuple):
    """The contents of a bundle file. Metadata are the bytes of their Signed...Metadata messages."""

    size: int
    root: bytes | None
    root_chain: tuple[bytes, ...]
    targets: bytes | None
    payloads: tuple[Payload, ...]


def payload_order(name: str) -> tuple[bool, str]:
    """Returns the sort key that gives the writer's order: `user_manifest`, then the others by name.

    A client needs the metadata and `user_manifest` to decide whether to fetch the other payloads.
    """
    return name != USER_MANIFEST, name
