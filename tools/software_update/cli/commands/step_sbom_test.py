"""Tests of step sbom."""

import json
from pathlib import Path

from software_update.testing.command import done, failed


def test_an_sbom_is_written_and_an_own_one_is_checked(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('[{"name": "gcc", "version": "14.2"}, {"name": "//app"}]')
    (tmp_path / "b.json").write_text('[{"name": "//app"}]')
    step = ("step", "sbom", f"--output={tmp_path}/out.json", "--components")
    product = ("--product=lamp", "--release-version=2.0")
    done(*step, tmp_path / "a.json", tmp_path / "b.json", *product)
    written = json.loads((tmp_path / "out.json").read_text())
    assert [each["name"] for each in written["components"]] == ["//app", "gcc"]

    own = tmp_path / "own.json"
    own.write_bytes((tmp_path / "out.json").read_bytes())
    done(*step, tmp_path / "a.json", f"--own={own}")
    assert (tmp_path / "out.json").read_bytes() == own.read_bytes()
    done(*step, tmp_path / "b.json", *product)
    own.write_bytes((tmp_path / "out.json").read_bytes())
    assert failed(1, *step, tmp_path / "a.json", f"--own={own}") == (
        f"{own}: lacks components from which the release is built: gcc@14.2; add them"
    )


def test_a_product_without_a_name(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[]")
    step = ("step", "sbom", f"--output={tmp_path}/out.json", f"--components={tmp_path}/a.json")
    for more in ((), ("--product=lamp",)):
        assert failed(2, *step, *more) == (
            "--product, --release-version: are missing; write both, or --own FILE"
        )
