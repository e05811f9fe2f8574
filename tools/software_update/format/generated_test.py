"""The checked-in *_pb2 files are what protoc makes of the .proto files."""

import subprocess
from pathlib import Path

import pytest

from software_update.testing import tree
from software_update.testing.command import environment, python

RENEW = (
    "from tools/: python -m grpc_tools.protoc -I. --python_out=. --pyi_out=. "
    "software_update/format/proto/*.proto"
)
PROTO = "software_update/format/proto"


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("generated")
    sources = sorted(
        str(path.relative_to(tree.TOOLS)) for path in (tree.TOOLS / PROTO).glob("*.proto")
    )
    assert len(sources) == 2
    subprocess.run(
        python(
            "-m", "grpc_tools.protoc", "-I.", f"--python_out={out}", f"--pyi_out={out}", *sources
        ),
        cwd=tree.TOOLS,
        env=environment(),
        check=True,
        timeout=60,
    )
    return out / PROTO


@pytest.mark.parametrize(
    "name", ["tuf_pb2.py", "tuf_pb2.pyi", "update_bundle_pb2.py", "update_bundle_pb2.pyi"]
)
def test_file_is_fresh(generated: Path, name: str) -> None:
    checked_in = (tree.TOOLS / PROTO / name).read_text()
    assert checked_in == (generated / name).read_text(), f"{name} is stale; renew it, {RENEW}"


def test_every_generated_file_is_checked_in(generated: Path) -> None:
    made = {path.name for path in generated.iterdir()}
    there = {path.name for path in (tree.TOOLS / PROTO).glob("*_pb2.*")}
    assert made == there, f"renew, {RENEW}"
