"""bundle inspect: show what is in a bundle, without judging it."""

from collections.abc import Iterable, Sequence
from typing import Any

from software_update.base import files
from software_update.base.errors import printable
from software_update.base.strict_json import to_text
from software_update.bundle.envelope import Envelope
from software_update.bundle.reader import read_envelope
from software_update.cli.options.arguments import Parser
from software_update.cli.render import description
from software_update.format.verdicts import Refused

SCHEMA = "software_update.bundle.v1"
_NOT_CHECKED = "signatures, payloads: bundle verify checks them"


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "bundle inspect", "Shows the content of a bundle. Checks no signature and no payload."
    )
    parser.add_argument("bundle", metavar="BUNDLE", help="the bundle")
    parser.add_argument("--json", action="store_true", help="print software_update.bundle.v1")
    parser.add_argument("-o", "--output", metavar="OUT", help="write to OUT instead of printing")
    args = parser.parse_args(argv)
    with files.open_input(args.bundle) as fd:
        try:
            described = _describe(read_envelope(fd))
        except Refused as refused:
            raise refused.about("", printable(args.bundle)) from None
    if args.json:
        text = to_text(described)
    else:
        text = "".join(f"{line}\n" for line in _lines(args.bundle, described))
    if args.output is None:
        print(text, end="")
    else:
        files.write_output(args.output, text.encode(), inputs=[args.bundle])
    return 0


def _describe(envelope: Envelope) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "size": envelope.size,
        "root": description.describe_root(envelope.root) if envelope.root is not None else None,
        "root_chain": [description.describe_root(each) for each in envelope.root_chain],
        "targets": (
            description.describe_targets(envelope.targets) if envelope.targets is not None else None
        ),
        "payloads": [
            {"name": each.name, "offset": each.offset, "length": each.length}
            for each in envelope.payloads
        ],
        "not_checked": [_NOT_CHECKED],
    }


def _lines(path: str, described: dict[str, Any]) -> Iterable[str]:
    yield f"{printable(path)}: {described['size']} bytes"
    yield f"not checked: {_NOT_CHECKED}"
    for index, root in enumerate(described["root_chain"]):
        yield from description.root_lines(f"root {index + 1} of the chain", root)
    if described["root"]:
        yield from description.root_lines("root metadata", described["root"])
    else:
        yield "root metadata: absent, the device keeps the root it has"
    payloads = {each["name"]: (each["offset"], each["length"]) for each in described["payloads"]}
    if described["targets"]:
        dev_keys = bool(described["root"] and described["root"]["dev_keys"])
        yield from description.targets_lines(described["targets"], payloads, dev_keys=dev_keys)
    else:
        yield "targets metadata: absent"
    listed = {each["name"] for each in (described["targets"] or {"targets": []})["targets"]}
    for name in sorted(payloads.keys() - listed):
        yield f"payload '{printable(name)}': not listed in the metadata"
