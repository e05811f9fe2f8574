"""step gather: gathers signing requests into one folder with an index."""

import os
from collections.abc import Sequence

from software_update.base.errors import UsageError
from software_update.cli.options.arguments import Parser, files_of
from software_update.cli.options.collected import depfile
from software_update.cli.options.collected_requests import read_collected_requests
from software_update.cli.options.schemes import add_schemes, schemes_of
from software_update.signing.request_index import INDEX
from software_update.steps.gather import RequestFile, gather


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "step gather",
        "Gathers signing requests of bundles and roots into one folder, under unique names, and "
        f"writes {INDEX}, which says what each request is and where its signatures go.",
    )
    for option, metavar, meaning in (
        ("--request", "FILE", "a request, with FILE.json next to it"),
        ("--label", "LABEL", "the label of the bundle or root of each request, in the same order"),
        (
            "--signatures-folder",
            "DIR",
            "the folder for the signatures of each request, in the same "
            "order, below the top of the source tree",
        ),
    ):
        parser.add_argument(
            option, metavar=metavar, nargs="+", action="extend", default=[], help=meaning
        )
    parser.add_argument(
        "--root",
        metavar="FILE",
        nargs="+",
        action="extend",
        default=[],
        help="root metadata whose keys may sign the requests",
    )
    parser.add_argument(
        "--collected-requests",
        metavar="FILE.json",
        help='more of both: [{"request": FILE, "label": LABEL, "signatures_folder": DIR, "roots": '
        "[FILE]}], with paths of files from the current folder",
    )
    parser.add_argument(
        "--depfile",
        metavar="FILE",
        help="a depfile to write for ninja: the index depends on all files that are read",
    )
    add_schemes(parser)
    parser.add_argument(
        "-o",
        "--output",
        metavar="DIR",
        required=True,
        help="the folder; requests that were gathered there before are removed",
    )
    args = parser.parse_args(argv)
    named = (args.request, args.label, args.signatures_folder)
    if len({len(each) for each in named}) != 1:
        raise UsageError("step gather: each --request needs a --label and a --signatures-folder")
    requests = [RequestFile(*each) for each in zip(*named, strict=True)]
    roots = args.root
    if args.collected_requests is not None:
        collected, their_roots = read_collected_requests(args.collected_requests)
        requests, roots = requests + collected, roots + their_roots
    if not requests:
        raise UsageError("step gather: there is no request; name one with --request")
    read = [path for each in requests for path in each.inputs] + roots
    read += files_of(args.collected_requests)
    folder, args.output = args.output, os.path.join(args.output, INDEX)
    with depfile(args, read, read):
        gather(requests, roots, folder, schemes_of(args))
    return 0
