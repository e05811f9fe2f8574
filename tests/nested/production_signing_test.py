"""docs/guides/production_signing.md, done as it says by a reader who has Bazel and a token in software."""

from pathlib import Path

import pytest
from software_update.cli.main import main as software_update

from tests.interop.judges import pigweed_accepts
from tests.nested.reader import follow

PAYLOAD = b"This text stands for a firmware image.\n"


def test_production_signing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = Path("docs/guides/production_signing.md").absolute()
    here = Path.cwd()
    product = follow([page], tmp_path, monkeypatch)
    released, tested = product / "released.bundle", product / "tested.bundle"
    root = product / "1.root.pb"
    assert software_update(["bundle", "verify", str(released), f"--trusted-root={root}"]) == 0
    monkeypatch.chdir(here)
    assert pigweed_accepts(released, root)
    assert not pigweed_accepts(tested, root)
    # The payload is the end of the file.
    assert released.read_bytes()[-len(PAYLOAD) :] == tested.read_bytes()[-len(PAYLOAD) :] == PAYLOAD
