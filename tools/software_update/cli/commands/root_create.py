"""root create: root metadata from public keys, not yet signed."""

import argparse
from collections.abc import Sequence

from software_update.base import files
from software_update.base.errors import UsageError
from software_update.cli.options import arguments, values
from software_update.cli.options.schemes import add_schemes, schemes_of
from software_update.format import metadata
from software_update.format.allowed_targets import list_problem
from software_update.format.limits import MAX_KEYS
from software_update.format.metadata import RoleKeys
from software_update.keys.pem import read_checked_public_key
from software_update.keys.public_key import PublicKey, name_of
from software_update.keys.schemes import Schemes


def run(argv: Sequence[str]) -> int:
    parser = arguments.Parser(
        "root create", "Makes root metadata from public keys. It has no signatures yet."
    )
    parser.add_argument(
        "--version",
        metavar="N",
        required=True,
        help="the root's version: 1 for the first root, and one more for each that follows",
    )
    for role in (metadata.ROOT, metadata.TARGETS):
        arguments.add_list(
            parser,
            f"--{role}-key",
            "PUB",
            f"public keys (SubjectPublicKeyInfo PEM) of the role {role}",
            required=True,
        )
        parser.add_argument(
            f"--{role}-threshold",
            metavar="N",
            type=int,
            default=1,
            help=f"the number of {role} keys that must sign; default: 1",
        )
    arguments.add_list(
        parser,
        "--allowed-target",
        "NAME",
        "targets that releases under this root may list: a name, or a prefix that ends in /* "
        "and allows every name below it; user_manifest is always allowed; default: all names",
    )
    values.add_expires(parser)
    add_schemes(parser)
    parser.add_argument(
        "--dev-keys",
        action="store_true",
        help="state in the root that its private keys are in a source tree; commands then "
        "show DEV KEYS",
    )
    arguments.add_output(parser)
    args = parser.parse_args(argv)
    content = _root_metadata(args)
    signed = metadata.build_signed(metadata.ROOT, metadata.Signed(content, ()))
    inputs = [*args.root_key, *args.targets_key, *arguments.files_of(args.expires_file)]
    files.write_output(args.output, signed, inputs=inputs)
    return 0


def _root_metadata(args: argparse.Namespace) -> bytes:
    schemes = schemes_of(args)
    root_keys = _read_keys(args.root_key, schemes)
    targets_keys = _read_keys(args.targets_key, schemes)
    for path, key in targets_keys.items():
        for other, root_key in root_keys.items():
            if key.identity == root_key.identity:
                raise UsageError(
                    f"{name_of(path, key)}: {_same(key, root_key)} "
                    f"{name_of(other, root_key)}; a key has one role, root or targets"
                )
    _check_threshold("--root-threshold", args.root_threshold, root_keys)
    _check_threshold("--targets-threshold", args.targets_threshold, targets_keys)
    problem = list_problem(args.allowed_target)
    if problem:
        raise UsageError(f"--allowed-target: {problem}")
    return metadata.build_root(
        arguments.parse_version(args.version, "--version"),
        RoleKeys(list(root_keys.values()), args.root_threshold),
        RoleKeys(list(targets_keys.values()), args.targets_threshold),
        values.expires_of(args),
        allowed_targets=args.allowed_target,
        dev_keys=args.dev_keys,
    )


def _read_keys(paths: Sequence[str], schemes: Schemes) -> dict[str, PublicKey]:
    found: dict[bytes, tuple[str, PublicKey]] = {}
    for path in paths:
        key = read_checked_public_key(path, schemes)
        if key.identity in found:
            other, other_key = found[key.identity]
            raise UsageError(
                f"{name_of(path, key)}: {_same(key, other_key)} "
                f"{name_of(other, other_key)}; name each key once"
            )
        found[key.identity] = path, key
    if len(found) > MAX_KEYS // 2:
        raise UsageError(f"{len(found)} keys in one role; at most {MAX_KEYS // 2}")
    return dict(found.values())


def _same(key: PublicKey, other: PublicKey) -> str:
    return "the same key as" if key == other else "the mirrored key (same X, other Y) of"


def _check_threshold(option: str, threshold: int, role_keys: dict[str, PublicKey]) -> None:
    if not 1 <= threshold <= len(role_keys):
        raise UsageError(
            f"{option}: {threshold} is not from 1 to the number of keys, {len(role_keys)}"
        )
