"""Tests of arguments.py."""

import argparse
from pathlib import Path

import pytest

from software_update.base.errors import InputError, UsageError
from software_update.cli.options.arguments import Parser
from software_update.cli.repository import arguments
from software_update.repository.names import Kind, Lifetimes
from software_update.repository.storages.s3 import S3Storage
from software_update.testing.repositories import RepositoryFolder

DAY = 24 * 60 * 60


def parsed(*argv: str) -> argparse.Namespace:
    parser = Parser("repository x", "x")
    arguments.add_storage(parser)
    arguments.add_keys(parser, "targets", "snapshot", optional=["targets", "snapshot"])
    arguments.add_lifetimes(parser, "targets", "timestamp")
    arguments.add_now(parser)
    arguments.add_channel(parser)
    return parser.parse_args([*argv, "place", "--product=p", "--channel=c"])


def test_lifetimes_have_the_defaults_of_the_library() -> None:
    assert arguments.lifetimes_of(parsed()) == Lifetimes()
    found = arguments.lifetimes_of(parsed("--targets-expires=2d"))
    assert found == Lifetimes(targets=2 * DAY)


def test_time_is_the_clock_or_the_argument(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1_800_000_000.5)
    assert arguments.now_of(parsed()) == 1_800_000_000
    monkeypatch.setattr("time.time", lambda: 7.5)
    with pytest.raises(
        InputError, match="clock of this machine shows 1970-01-01T00:00:07Z; set it"
    ):
        arguments.now_of(parsed())
    assert arguments.now_of(parsed("--now=1970-01-01T00:00:09Z")) == 9
    with pytest.raises(UsageError, match="--now: 'x' is not a date"):
        arguments.now_of(parsed("--now=x"))


def test_each_key_gets_the_options_of_its_kind(tmp_path: Path) -> None:
    repository = RepositoryFolder(tmp_path)
    path = str(repository.key("targets"))
    args = parsed(
        *("--targets-key", path, "--targets-key", "exec:/bin/true", "--timeout=9"),
        *("--targets-public", f"{path}.pub", "--passphrase-file=/absent"),
    )
    publisher = arguments.publisher_of(args, "targets", "snapshot")
    assert list(publisher.signers) == [Kind.TARGETS]
    one, other = publisher.signers[Kind.TARGETS]
    assert (one.name, other.name) == (f"file:{path}", "exec:/bin/true")
    assert one.public == other.public
    assert other.timeout == 9  # type: ignore[attr-defined]


def test_storage_is_a_folder_or_a_bucket() -> None:
    assert arguments.storage_of(parsed()).describe() == "place"
    bucket = parsed("--endpoint=https://s3.example", "--timestamp-age=9")
    bucket.storage = "s3://lamps/stable"
    assert arguments.storage_of(bucket) == S3Storage(
        "lamps", "stable/", "https://s3.example", timestamp_age=9
    )
    with pytest.raises(UsageError, match="--timestamp-age: -1 is below 0"):
        arguments.storage_of(parsed("--timestamp-age=-1"))
    with pytest.raises(UsageError, match="a folder has no endpoint"):
        arguments.storage_of(parsed("--endpoint=https://s3.example"))


def test_errors_name_the_option(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--targets-key exec: needs --targets-public PUB"):
        arguments.signers_of(parsed("--targets-key=exec:x"), "targets")
    with pytest.raises(UsageError, match="--targets-key 'no:': write file:PATH"):
        arguments.signers_of(parsed("--targets-key=no:x", "--targets-public=y"), "targets")
    with pytest.raises(UsageError, match="--targets-public: more than the --targets-key"):
        arguments.signers_of(parsed("--targets-public=y"), "targets")
    (tmp_path / "key").write_text("no key")
    with pytest.raises(InputError, match="not a PKCS#8 PEM private key"):
        arguments.signers_of(parsed(f"--targets-key={tmp_path}/key"), "targets")


def test_channel_is_checked() -> None:
    args = parsed()
    arguments.check_channel(args)
    args.channel = "a.b"
    with pytest.raises(UsageError, match=r"--channel 'a\.b': must have"):
        arguments.check_channel(args)
