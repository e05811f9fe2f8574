"""signatures collect: puts signatures where the build of each bundle and root finds them."""

from collections.abc import Iterator, Sequence

from software_update.base.errors import SignatureError, printable, short_id
from software_update.base.strict_json import to_text
from software_update.cli.options.arguments import Parser
from software_update.cli.options.schemes import add_schemes, schemes_of
from software_update.cli.render.warnings import warn
from software_update.signing.collect import (
    SCHEMA,
    Count,
    Report,
    collect,
    document,
    find_signatures,
    read_requests,
)
from software_update.signing.holders import Holders, named


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "signatures collect",
        "Puts each signature in a folder where the build of its bundle or root finds it, and lists the "
        "signatures that are missing for a release. Each signature must be a good one of a request "
        "in the index.",
    )
    parser.add_argument(
        "folder", metavar="DIR", help="the folder with the signatures; subfolders count"
    )
    parser.add_argument(
        "--index",
        metavar="FILE",
        required=True,
        help="the index.json of the requests, in the folder that the build made",
    )
    parser.add_argument(
        "--workspace",
        metavar="DIR",
        required=True,
        help="the top of the source tree, below which signatures go",
    )
    parser.add_argument("--json", action="store_true", help=f"print {SCHEMA}")
    add_schemes(parser)
    args = parser.parse_args(argv)
    schemes = schemes_of(args)
    index, requests = read_requests(args.index, schemes)
    signatures = find_signatures(args.folder, schemes)
    report = collect(index, requests, signatures, args.workspace)
    text = (
        to_text(document(report)) if args.json else "".join(f"{each}\n" for each in _lines(report))
    )
    print(text, end="", flush=True)
    for each in report.left_out:
        warn(
            f"{each.path}: signed by key {short_id(each.key_id)} of an earlier root, version "
            f"{each.root_version}; the root of the release does not list this key, so the signature is left "
            "out; if the new root revokes keys, targets versions start again: give each release a release "
            "counter"
        )
    return 0 if report.complete else SignatureError.exit_code


def _lines(report: Report) -> Iterator[str]:
    """Yields the files that were written, and each request that lacks signatures."""
    yield from map(printable, report.written)
    missing = [each for each in report.states if not each.complete]
    for each in missing:
        yield printable(str(each.entry))
        yield from (f"  {_line(count, each.holders)}" for count in each.counts)
    total = len(report.states)
    yield (
        f"{len(missing)} of {total} requests lack signatures"
        if missing
        else f"all {total} requests have their signatures"
    )


def _line(count: Count, holders: Holders) -> str:
    text = f"{len(count.signed)} of {count.threshold} signatures by keys of {count.authority}"
    if count.not_signed and not count.met:
        text += f", not signed: {' '.join(named(each, holders) for each in count.not_signed)}"
    return printable(text)
