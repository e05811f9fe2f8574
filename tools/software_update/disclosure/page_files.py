"""The files that accompany a release: those that its manifest lists, and those next to the bundle."""

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence

from software_update.base import files
from software_update.base.errors import InputError
from software_update.base.hashing import digest_files
from software_update.disclosure.page import Contents, PageFile
from software_update.disclosure.page_contents import MAX_BYTES, contents_of, proof_in
from software_update.format.claims import Attachment
from software_update.format.names import PROOF

# Of a folder of attachments.
_MAX_FILES = 1000
_JSON = ".json"


def accompanying_files(
    here: Mapping[str, str], listed: Sequence[Attachment]
) -> tuple[PageFile, ...]:
    """Returns the listed attachments, and then the other files in `here`, sorted by name.

    `here` has the paths of the files by name. Raises OSError.
    """
    digests = digest_files(list(here.values()))
    found = {
        name: (length, sha256.hex()) for name, (length, sha256) in zip(here, digests, strict=True)
    }
    names = {each.name for each in listed}
    return (
        *(_with_contents(_listed(each, found.get(each.name)), here) for each in listed),
        *(
            _with_contents(PageFile(name, *of_file, is_listed=False, is_here=True), here)
            for name, of_file in sorted(found.items())
            if name not in names
        ),
    )


def _with_contents(file: PageFile, here: Mapping[str, str]) -> PageFile:
    """Returns a file with the contents of the SBOM, provenance or proof that it is.

    A file that differs from the listed one is not read.
    """
    if not (file.is_here and file.matches and file.length <= MAX_BYTES):
        return file
    if file.name.endswith(f".{PROOF}"):
        read: Callable[[bytes], Contents | None] = proof_in
    elif file.name.endswith(_JSON):
        read = contents_of
    else:
        return file
    content = files.read_input(here[file.name], MAX_BYTES)
    # The file may have changed since it was hashed.
    if hashlib.sha256(content).hexdigest() != file.sha256:
        return file
    return file._replace(contents=read(content))


def _listed(attachment: Attachment, found: tuple[int, str] | None) -> PageFile:
    name, length, sha256 = attachment
    matches = found is None or found == (length, sha256)
    return PageFile(name, length, sha256, True, found is not None, matches)


def files_next_to(bundle: str) -> Mapping[str, str]:
    """Returns the paths of the files next to a bundle, by name.

    The files are in the folder BUNDLE.attachments; the proof from a log is the file BUNDLE.tlog-proof.
    Follows no link. Raises InputError for a folder of more than 1000 files, and OSError.
    """
    folder, proof = f"{bundle}.attachments", f"{bundle}.tlog-proof"
    found = {}
    for path in _files_below(folder):
        found[os.path.relpath(path, folder).replace(os.sep, "/")] = path
        if len(found) > _MAX_FILES:
            raise InputError(f"{folder}: contains more than {_MAX_FILES} files; remove some")
    if os.path.isfile(proof) and not os.path.islink(proof):
        found[os.path.basename(proof)] = proof
    return found


def _files_below(folder: str) -> Iterator[str]:
    if os.path.islink(folder):
        return
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(parent, name)
            if os.path.isfile(path) and not os.path.islink(path):
                yield path
