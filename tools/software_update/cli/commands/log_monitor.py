"""log monitor: compare the announced releases with a transparency log and with a repository."""

import os
import sys
from collections.abc import Sequence

from software_update.base import files
from software_update.base.errors import DifferentError, InputError, UsageError, printable, shown
from software_update.base.strict_json import to_text
from software_update.cli.log import arguments as options
from software_update.cli.options.arguments import Parser, add_list
from software_update.format.catalog import parse_entry
from software_update.transparency.note import MAX_NOTE_BYTES

_SCHEMA = "software_update.log_monitor.v1"


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "log monitor",
        "Reads a whole log, checks that it continues the log that the last run saw, and compares it with "
        "the vendor's own list of releases and with a repository. Exit code 0: no difference; 1: the log "
        "is refused; 4: differences.",
    )
    options.add_log(parser, web=True)
    options.add_policy(parser)
    add_list(
        parser,
        "--releases",
        "FILE",
        "the vendor's lists of releases: the NAME.release_list.json of a build, or a release digest a line, "
        "or a JSON array of them",
        required=True,
    )
    parser.add_argument(
        "--state",
        metavar="FILE",
        required=True,
        help="the checkpoint that the last run saw; each run replaces it, and the first one makes it",
    )
    parser.add_argument(
        "--repository",
        metavar="DIR",
        help="a repository to compare, too: a folder, s3://BUCKET/PREFIX, or its http:// or https:// "
        "address",
    )
    parser.add_argument(
        "--repository-root",
        metavar="FILE",
        help="a root.json of the repository that you trust; required with --repository",
    )
    options.add_json(parser, _SCHEMA)
    args = parser.parse_args(argv)
    if (args.repository is None) != (args.repository_root is None):
        raise UsageError("--repository, --repository-root: name both or neither")
    from software_update.disclosure.log_folder import parse_signed
    from software_update.disclosure.log_monitor import read_announced, watch

    policy = options.policy_of(args)
    announced: list[str] = []
    for path in args.releases:
        announced += read_announced(path)
    seen = None
    if os.path.exists(args.state):
        seen = parse_signed(files.read_input(args.state, MAX_NOTE_BYTES), args.state).checkpoint
    published = None
    if args.repository is not None:
        published = _published(args.repository, args.repository_root)
    found = watch(options.readable_of(args), policy, announced, seen, published)
    inputs = [args.log_policy, *args.releases]
    files.write_output(args.state, found.signed.note.content(), inputs=inputs)
    checkpoint, differences = found.signed.checkpoint, found.differences
    if args.json:
        document = {
            "schema": _SCHEMA,
            "log": checkpoint.origin,
            "size": checkpoint.size,
            "announced": len(set(announced)),
            "published": None if published is None else len(published),
            "differences": [each._asdict() for each in differences],
        }
        print(to_text(document), end="")
    else:
        for each in differences:
            print(f"{each.place}: {each.release or '-'}: {each.text}")
        print(
            f"{shown(checkpoint.origin)}: {checkpoint.size} records, {len(set(announced))} announced "
            f"releases, {len(differences)} differences",
            flush=True,
        )
    if not differences:
        return 0
    print(
        f"software-update: {printable(args.log)}: differs from the list of releases; find out who signed "
        "what was not announced",
        file=sys.stderr,
    )
    return DifferentError.exit_code


def _published(place: str, root: str) -> dict[str, str]:
    """Returns the target path of a bundle for each release that a repository lists, also in its archive."""
    from software_update.repository.current import read_current, read_trusted_root
    from software_update.repository.storages.address import Settings, storage_at
    from software_update.repository.web import WebFolder

    is_web = place.startswith(("http://", "https://"))
    storage = WebFolder(place) if is_web else storage_at(place, Settings(None, 60))
    current = read_current(storage, read_trusted_root(root), root)
    if current.timestamp is None:
        raise InputError(f"{storage.describe()}: is an empty repository; publish releases first")
    return {
        parse_entry(target.custom, path).release: path
        for role in current.role_names()
        for path, target in current.role(role).targets.items()
        if path.endswith(".bundle") and target.custom is not None
    }
