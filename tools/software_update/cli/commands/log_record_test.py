"""Tests of log_record.py."""

from pathlib import Path

from software_update.testing.command import done, failed
from software_update.testing.log_folders import LogFolder
from software_update.testing.repositories import releases
from software_update.transparency.record import parse_record


def test_the_record_of_a_release(tmp_path: Path) -> None:
    log, release = LogFolder(tmp_path), releases(1)[0]
    bundle, output = log.bundle(release), tmp_path / "record"
    done("log", "record", bundle, *log.trusted, "-o", output)
    record = parse_record(output.read_bytes())
    assert record is not None
    assert (record.product, record.release_digest) == ("meter", release.digest)
    bundle.write_bytes(bundle.read_bytes()[:-1])
    assert "1.1.bundle: " in failed(1, "log", "record", bundle, *log.trusted, "-o", output)
