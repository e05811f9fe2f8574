"""A folder of gathered signing requests: one root, and two bundles that two keys must sign."""

from pathlib import Path

from software_update.format import metadata
from software_update.signing import signing_request
from software_update.signing.holders import NO_HOLDERS, Holders
from software_update.signing.signing_request import Request
from software_update.steps.gather import RequestFile, gather
from software_update.testing import encode as e
from software_update.testing.signers import ROOT_KEY, TARGETS_KEY, TARGETS_KEY_2

ROOT = e.root(1, [ROOT_KEY], [TARGETS_KEY, TARGETS_KEY_2], targets_threshold=2)
CAMERA, LOCK = (e.targets({"app": name}, 7) for name in (b"camera", b"lock"))
LABELS = {"//camera:bundle": CAMERA, "//lock:bundle": LOCK, "//keys:root": ROOT}
FOLDERS = {
    "//camera:bundle": "camera/signatures",
    "//lock:bundle": "lock/signatures",
    "//keys:root": "keys/signatures/root",
}


def write_request(
    path: Path, data: bytes, root: bytes = ROOT, holders: Holders = NO_HOLDERS
) -> None:
    """Writes a request and the JSON next to it."""
    request = signing_request.parse_request(data)
    path.write_bytes(data)
    path.with_name(f"{path.name}.json").write_bytes(_json(request, root, holders))


def _json(request: Request, root: bytes, holders: Holders) -> bytes:
    if isinstance(request.content, metadata.Root):
        authorities = signing_request.authorities_of_root(request.content, None)
    else:
        authorities = signing_request.authorities_of_targets(metadata.parse_root(root))
    return signing_request.build_json(request, authorities, None, holders)


def request_files(folder: Path) -> list[RequestFile]:
    """Writes the requests, as a build does before it gathers them, and the root."""
    folder.mkdir()
    (folder / "root.pb").write_bytes(e.signed(ROOT))
    for number, data in enumerate(LABELS.values()):
        write_request(folder / f"{number}.signing_request", data)
    return [
        RequestFile(f"{folder}/{number}.signing_request", label, FOLDERS[label])
        for number, label in enumerate(LABELS)
    ]


def make(parent: Path) -> Path:
    """Gathers the requests in PARENT/requests, next to the source tree PARENT/workspace."""
    found = request_files(parent / "build")
    gather(found, [f"{parent}/build/root.pb"], f"{parent}/requests")
    for name in ("camera", "lock", "keys"):
        (parent / "workspace" / name).mkdir(parents=True)
    return parent / "requests"
