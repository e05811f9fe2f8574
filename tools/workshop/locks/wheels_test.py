"""The locked distributions work together on the Python that runs this."""

from __future__ import annotations

import hashlib
import importlib
import subprocess
import sys
from pathlib import Path

import fetch_wheels
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from google.protobuf.internal import api_implementation
from runfiles import Runfiles


def test_supported_python() -> None:
    assert f"{sys.version_info.major}.{sys.version_info.minor}" in fetch_wheels.PYTHONS


@pytest.mark.parametrize("module", ["cffi", "google.protobuf.message", "hypothesis", "runfiles"])
def test_imports(module: str) -> None:
    assert importlib.import_module(module)


def test_protobuf_is_the_compiled_one() -> None:
    assert api_implementation.Type() == "upb"


def test_ecdsa_can_be_deterministic() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    scheme = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
    assert key.sign(b"message", scheme) == key.sign(b"message", scheme)


def test_code_of_the_locked_protoc_loads_on_the_locked_protobuf(tmp_path: Path) -> None:
    (tmp_path / "sample.proto").write_text(
        'syntax = "proto3";\nmessage Sample { bytes data = 1; }\n'
    )
    script = (
        "import sys; from grpc_tools import protoc; sys.path.insert(0, '.');"
        "assert protoc.main(['protoc', '-I.', '--python_out=.', 'sample.proto']) == 0;"
        "import sample_pb2; print(sample_pb2.Sample(data=b'ab').SerializeToString().hex())"
    )
    run = _python(script, tmp_path)
    assert run.stdout == "0a026162\n", run.stderr


def test_wheels_are_what_the_locks_list() -> None:
    """The folder that an offline Bazel or virtual environment is given as PIP_FIND_LINKS."""
    found = Runfiles.Create()
    assert found is not None
    tools = Path(__file__).parents[2]
    for repository, lock in (
        ("software_update_pip", "python/runtime.txt"),
        ("software_update_pip_test", "workshop/locks/test.txt"),
    ):
        text = (tools / lock).read_text()
        folder = Path(str(found.Rlocation(f"{repository}/wheels", "")))
        wheels = list(folder.glob("*.whl"))
        names = {fetch_wheels.distribution_name(wheel.name.split("-")[0]) for wheel in wheels}
        assert names == set(fetch_wheels.locked_names(text))
        for wheel in wheels:
            assert hashlib.sha256(wheel.read_bytes()).hexdigest() in text


def test_pigweeds_tools_import(tmp_path: Path) -> None:
    tools = "verify, update_bundle, dev_sign, keys, root_metadata, metadata"
    run = _python(f"from pw_software_update import {tools}; print(verify.__name__)", tmp_path)
    assert run.stdout == "pw_software_update.verify\n", run.stderr


def _python(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Another process with this one's modules: two descriptions of one message never meet here."""
    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
