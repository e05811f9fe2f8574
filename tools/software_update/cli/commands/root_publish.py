"""root publish: put a root that enough have signed into a folder of roots."""

import os
import re
from collections.abc import Sequence

from software_update.base import files
from software_update.base.errors import InputError, SignatureError, printable
from software_update.cli.options.arguments import Parser
from software_update.cli.options.schemes import add_schemes, schemes_of
from software_update.cli.render import root_progress
from software_update.format.verdicts import Refused, Verdict
from software_update.signing.root_progress import state_of
from software_update.verify.trust_files import parse_root, read_root_file, read_trusted_root

_NAME = re.compile(r"([1-9][0-9]{0,9})\.root\.pb", re.ASCII)


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "root publish",
        "Puts the next root into a folder of roots, as N.root.pb. The root must have "
        "all signatures that devices require. No file is overwritten.",
    )
    parser.add_argument("root", metavar="ROOT", help="signed root metadata")
    parser.add_argument("folder", metavar="DIR", help="a folder with the roots before it")
    add_schemes(parser)
    args = parser.parse_args(argv)
    content = read_root_file(args.root)
    newest = _newest(args.folder)
    version = parse_root(args.root, content)[1].common.version
    place = _place(args.folder, version)
    if os.path.lexists(place):
        _check_same(args.root, content, version, place)
        print(f"{printable(place)}: published already")
        return 0
    _check_next(args.root, version, args.folder, newest)
    schemes = schemes_of(args)
    before = read_trusted_root(_place(args.folder, newest), schemes) if newest else None
    state = state_of(args.root, content, before, schemes=schemes)
    state.check_complete()
    if state.root.is_dev:
        raise SignatureError(
            f"{args.root}: has DEV KEYS, with which anyone can sign; publish a root without them"
        )
    with files.new_output(place, inputs=[args.root], overwrite=False, below=args.folder) as fd:
        files.write_all(fd, content)
    print("\n".join([*root_progress.lines(state), f"published as {printable(place)}"]))
    return 0


def _place(folder: str, version: int) -> str:
    """Returns TUF's file name for that version of the root (specification 3.1)."""
    return os.path.join(folder, f"{version}.root.pb")


def _newest(folder: str) -> int:
    """The version of the newest root in the folder; 0 where it has none."""
    if not os.path.isdir(folder):
        raise InputError(f"{folder}: no folder; make it first, or name the one with the roots")
    found = map(_NAME.fullmatch, os.listdir(folder))
    return max((int(match[1]) for match in found if match), default=0)


def _check_same(path: str, content: bytes, version: int, place: str) -> None:
    """Refuses another root than the one that is there."""
    there = read_root_file(place)
    if there == content:
        return
    if parse_root(place, there)[0].serialized == parse_root(path, content)[0].serialized:
        raise SignatureError(
            f"{path}: published already as {place}, with other signatures; leave that one: "
            "devices take either"
        )
    raise Refused(
        Verdict.ROOT_MIX_UP,
        f"differs from {place}, which is published; make it version {version + 1}",
        subject=path,
    )


def _check_next(path: str, version: int, folder: str, newest: int) -> None:
    """Refuses a root that is not the one after the newest."""
    if version > newest + 1:
        raise Refused(
            Verdict.ROOT_VERSION_GAP,
            f"version {version}, and {folder} lacks version {newest + 1}; publish that first",
            subject=path,
        )
    if version <= newest:
        raise Refused(
            Verdict.ROOT_ROLLBACK,
            f"version {version}, and {folder} has {newest} without it; bring back what is missing",
            subject=path,
        )
