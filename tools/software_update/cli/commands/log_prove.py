"""log prove: write the proof that a release is in a transparency log."""

from collections.abc import Sequence

from software_update.base import files
from software_update.base.errors import printable
from software_update.base.strict_json import to_text
from software_update.cli.log import arguments as options
from software_update.cli.options.arguments import Parser
from software_update.transparency.proof import SUFFIX, parse_proof

_SCHEMA = "software_update.log_proof.v1"


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "log prove",
        "Verifies a bundle, and writes the proof that its release is in a log. The proof has the log's "
        "newest checkpoint, with the cosignatures of witnesses.",
    )
    options.add_log(parser, web=True)
    options.add_bundle(parser)
    parser.add_argument("-o", "--output", metavar="OUT", help=f"the proof; default: BUNDLE{SUFFIX}")
    options.add_json(parser, _SCHEMA)
    args = parser.parse_args(argv)
    from software_update.disclosure.log_prove import prove

    [release] = options.verified(args, [args.bundle])
    proof = prove(options.readable_of(args), release.record.content())
    output = args.output or f"{args.bundle}{SUFFIX}"
    files.write_output(output, proof, inputs=[args.bundle, args.trusted_root])
    parsed = parse_proof(proof)
    if args.json:
        document = {
            "schema": _SCHEMA,
            "proof": output,
            "release": release.record.release_digest,
            "log": parsed.checkpoint.origin,
            "index": parsed.record_index,
            "size": parsed.checkpoint.size,
        }
        print(to_text(document), end="")
    else:
        print(
            f"{printable(output)}: record {parsed.record_index} of {parsed.checkpoint.size} in "
            f"{printable(parsed.checkpoint.origin)}"
        )
    return 0
