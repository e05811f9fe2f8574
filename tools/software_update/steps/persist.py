"""Writes a bundle as the tree of a TUF repository."""

import os

from software_update.base import files
from software_update.base.errors import printable
from software_update.base.trees import new_tree
from software_update.bundle.envelope import Envelope
from software_update.bundle.extract import check_names, listed_targets, write_payloads
from software_update.bundle.reader import read_envelope
from software_update.format import metadata
from software_update.format.verdicts import Refused, Verdict

_FOLDERS = (_METADATA, _TARGETS) = ("metadata", "targets")


def persist(bundle: str, output: str) -> None:
    """Writes the bundle at the path `bundle` as a tree to `output`, a folder.

    The folder is new or empty, or has such a tree, which is replaced. Checks each payload against the
    metadata, and no signature. Raises Refused for a malformed bundle and InputError for the folder.
    """
    with files.open_input(bundle) as fd:
        try:
            _persist(fd, bundle, output)
        except Refused as refused:
            raise refused.about("", printable(bundle)) from None


def _persist(fd: int, bundle: str, output: str) -> None:
    envelope = read_envelope(fd)
    listed = listed_targets(envelope)
    check_names(envelope.payloads, listed)
    metadata_files = _metadata_files(envelope)
    with new_tree(output, _FOLDERS, inputs=[bundle]) as tree:
        for name in _FOLDERS:
            os.mkdir(os.path.join(tree, name))
        for name, content in metadata_files.items():
            files.write_output(os.path.join(tree, _METADATA, name), content, below=tree)
        write_payloads(
            fd, envelope.payloads, listed, os.path.join(tree, _TARGETS), "persist", decompress=False
        )


def _metadata_files(envelope: Envelope) -> dict[str, bytes]:
    found = {"root.pb": envelope.root, "targets.pb": envelope.targets}
    for content in envelope.root_chain:
        root = metadata.parse_signed_root(content)[1]
        name = f"{root.common.version}.root.pb"
        if name in found:
            raise Refused(
                Verdict.ROOT_VERSION_GAP, f"the chain has version {root.common.version} twice"
            )
        found[name] = content
    return {name: content for name, content in found.items() if content is not None}
