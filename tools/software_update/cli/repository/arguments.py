"""Arguments of the commands for repositories: the storage, the trusted root, the keys and the time."""

import argparse
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from software_update.base.dates import format_date
from software_update.base.errors import InputError, UsageError
from software_update.cli.options import signer_arguments
from software_update.cli.options.arguments import parse_date_argument
from software_update.cli.options.schemes import add_schemes
from software_update.cli.options.secret_arguments import PASSPHRASE, PIN, add_secret

if TYPE_CHECKING:
    from software_update.keys.public_key import PublicKey
    from software_update.repository.current import Current, Readable
    from software_update.repository.names import Lifetimes
    from software_update.repository.publication import Publisher
    from software_update.repository.storage import Storage
    from software_update.signing.signers import Signer

# 2025-01-01T00:00:00Z. An earlier time is that of a clock that was never set.
_EARLIEST = 1_735_689_600
_LIFETIMES = {
    "targets": "90d",
    "rollout": "90d",
    "snapshot": "7d",
    "timestamp": "1d",
}
_SIGNS = {
    "root": "the root",
    "targets": "the lists of releases",
    "snapshot": "snapshot and timestamp",
    "rollout": "the rollout rules",
}


def add_storage(
    parser: argparse.ArgumentParser, option: str | None = None, *, web: bool = False
) -> None:
    """DIR: the place of the repository, as an argument or as the value of an option.

    `web` says whether it may be the URL of a web server, too.
    """
    also = "; or the http:// or https:// address that devices use" if web else ""
    how = {"required": True, "dest": "storage"} if option else {}
    parser.add_argument(
        option or "storage",
        **how,  # type: ignore[arg-type]
        metavar="DIR",
        help=f"the repository: a folder that a web server serves, or s3://BUCKET/PREFIX{also}",
    )
    parser.add_argument(
        "--endpoint",
        metavar="URL",
        help="the S3 server; default: the one that boto3 finds, such as in AWS_ENDPOINT_URL",
    )
    parser.add_argument(
        "--timestamp-age",
        metavar="S",
        type=int,
        default=60,
        help="the seconds that caches may keep the timestamp in S3; default: 60",
    )


def add_trusted_root(parser: argparse.ArgumentParser, default: str | None = None) -> None:
    """--repository-root FILE, which is required unless there is a default."""
    text = "; default: " + default if default else ""
    parser.add_argument(
        "--repository-root",
        metavar="FILE",
        required=default is None,
        help="a root.json of the repository that you trust, such as the one in the device's image; newer "
        f"ones are found from it{text}",
    )


def add_channel(parser: argparse.ArgumentParser) -> None:
    """--product NAME, --channel NAME."""
    parser.add_argument("--product", metavar="NAME", required=True, help="the product")
    parser.add_argument(
        "--channel", metavar="NAME", required=True, help="the channel, such as stable"
    )


def add_keys(parser: argparse.ArgumentParser, *kinds: str, optional: Sequence[str] = ()) -> None:
    """--KIND-key URI and --KIND-public PUB for each kind, and what belongs to them."""
    for kind in kinds:
        parser.add_argument(
            f"--{kind}-key",
            metavar="URI",
            action="append",
            default=[],
            required=kind not in optional,
            help=f"the key that signs {_SIGNS[kind]}, as in `sign --key`; repeat it for a threshold",
        )
        parser.add_argument(
            f"--{kind}-public",
            metavar="PUB",
            action="append",
            default=[],
            help=f"the public key (PEM) of each --{kind}-key that is not a file, in their order",
        )
    add_secret(parser, PASSPHRASE)
    parser.add_argument(
        "--pkcs11-module",
        metavar="FILE",
        help="the module of a token; default: the variable PYKCS11LIB",
    )
    add_secret(parser, PIN)
    parser.add_argument(
        "--timeout", metavar="S", type=int, help="the seconds that exec: may take; default: 120"
    )
    add_schemes(parser)


def add_now(parser: argparse.ArgumentParser) -> None:
    """--now TIME."""
    parser.add_argument(
        "--now", metavar="TIME", help="the time of this run, a date; default: the clock"
    )


def add_lifetimes(parser: argparse.ArgumentParser, *roles: str) -> None:
    """--ROLE-expires LIFETIME for each role."""
    for role in roles:
        parser.add_argument(
            f"--{role}-expires",
            metavar="LIFETIME",
            default=_LIFETIMES[role],
            help=f"the time after which the {role} metadata expires, such as 90d or 12h; default: "
            f"{_LIFETIMES[role]}",
        )


def add_json(parser: argparse.ArgumentParser, schema: str) -> None:
    """--json."""
    parser.add_argument("--json", action="store_true", help=f"print {schema}")


def now_of(args: argparse.Namespace) -> int:
    """Returns the time in seconds since 1970. Raises InputError if the clock is not set."""
    if args.now is not None:
        return parse_date_argument(args.now, "--now")
    now = int(time.time())
    if now < _EARLIEST:
        # What is signed then has expired for all clients.
        raise InputError(
            f"the clock of this machine shows {format_date(now)}; set it, or state the time with --now"
        )
    return now


def lifetimes_of(args: argparse.Namespace) -> "Lifetimes":
    """Returns the lifetimes that the arguments state."""
    from software_update.repository.names import Lifetimes, parse_lifetime

    given = {role: getattr(args, f"{role}_expires", None) for role in _LIFETIMES}
    return Lifetimes()._replace(
        **{
            role: parse_lifetime(text, f"--{role}-expires")
            for role, text in given.items()
            if text is not None
        }
    )


def storage_of(args: argparse.Namespace) -> "Storage":
    """Returns the storage that DIR names. Raises UsageError if it does not name one."""
    from software_update.repository.storages.address import Settings, storage_at

    if args.timestamp_age < 0:
        raise UsageError(f"--timestamp-age: {args.timestamp_age} is below 0")
    return storage_at(args.storage, Settings(args.endpoint, args.timestamp_age))


def readable_of(args: argparse.Namespace) -> "Readable":
    """Returns the storage or the web server that DIR names, to read from."""
    if args.storage.startswith(("http://", "https://")):
        from software_update.repository.web import WebFolder

        return WebFolder(args.storage)
    return storage_of(args)


def check_channel(args: argparse.Namespace) -> None:
    """Raises UsageError if --channel is not the name of a channel."""
    from software_update.format.catalog import channel_problem

    if problem := channel_problem(args.channel):
        raise UsageError(f"--channel '{args.channel}': {problem}")


def signers_of(args: argparse.Namespace, kind: str) -> "list[Signer]":
    """Opens the signers of a kind of key."""
    publics = iter(getattr(args, f"{kind}_public"))
    signers = []
    for text in getattr(args, f"{kind}_key"):
        key = signer_arguments.as_uri(text)
        public = None if key.startswith("file:") else next(publics, None)
        one = argparse.Namespace(**{**vars(args), "key": key, "public": public})
        if not key.startswith("exec:"):
            one.timeout = None
        if key.startswith(("file:", "exec:")):
            one.pkcs11_module = one.pin_file = one.pin_fd = None
        if not key.startswith("file:"):
            one.passphrase_file = one.passphrase_fd = None
        try:
            signer_arguments.check_signer(one)
        except UsageError as error:
            problem = str(error).replace("--public", f"--{kind}-public")
            raise UsageError(problem.replace("--key", f"--{kind}-key")) from None
        signers.append(signer_arguments.open_signer(one))
    if next(publics, None) is not None:
        raise UsageError(
            f"--{kind}-public: more than the --{kind}-key that are not files; remove those of files"
        )
    return signers


def publisher_of(args: argparse.Namespace, *kinds: str) -> "Publisher":
    """Returns the storage, the signers of these kinds, the time and the lifetimes of a publication."""
    from software_update.repository.names import Kind
    from software_update.repository.publication import Publisher

    signers = {Kind(kind): signers_of(args, kind) for kind in kinds if getattr(args, f"{kind}_key")}
    return Publisher(storage_of(args), signers, now_of(args), lifetimes_of(args))


def public_keys_of(args: argparse.Namespace, kind: str) -> "list[tuple[str, PublicKey]]":
    """Returns the public keys in the files that --KIND-public names, with their paths."""
    from software_update.cli.options.schemes import schemes_of
    from software_update.keys.pem import read_public_key

    return [
        (path, read_public_key(path, schemes_of(args))) for path in getattr(args, f"{kind}_public")
    ]


def current_of(args: argparse.Namespace, publisher: "Publisher") -> "Current":
    """Reads the repository. The caller is in the storage's `publishing`."""
    from software_update.repository.current import read_current, read_trusted_root

    trusted = read_trusted_root(args.repository_root)
    return read_current(publisher.storage, trusted, args.repository_root)
