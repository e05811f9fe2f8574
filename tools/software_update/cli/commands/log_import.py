"""log import: make a proof of a Sigsum log one that devices read."""

from collections.abc import Sequence

from software_update.base import files
from software_update.base.errors import printable
from software_update.cli.log import arguments as options
from software_update.cli.options.arguments import Parser
from software_update.transparency.check import check_proof
from software_update.transparency.proof import SUFFIX
from software_update.transparency.sigsum import MAX_SIGSUM_PROOF_BYTES, convert


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "log import",
        "Reads the proof that sigsum-submit wrote for the record of a release, checks it, and writes it in "
        "the form that devices read.",
    )
    options.add_bundle(parser)
    options.add_policy(parser)
    parser.add_argument(
        "--sigsum",
        metavar="FILE",
        required=True,
        help="the proof of the Sigsum log, for the file that `log record` wrote",
    )
    parser.add_argument("-o", "--output", metavar="OUT", help=f"the proof; default: BUNDLE{SUFFIX}")
    args = parser.parse_args(argv)
    policy = options.policy_of(args)
    content = files.read_input(args.sigsum, MAX_SIGSUM_PROOF_BYTES)
    proof = convert(content, policy, printable(args.sigsum))
    [release] = options.verified(args, [args.bundle])
    checked = check_proof(proof, policy, release.record.content())
    output = args.output or f"{args.bundle}{SUFFIX}"
    inputs = [args.bundle, args.trusted_root, args.log_policy, args.sigsum]
    files.write_output(output, proof, inputs=inputs)
    print(
        f"{printable(output)}: record {checked.record_index} of {checked.checkpoint.size} in "
        f"{printable(checked.checkpoint.origin)}"
    )
    return 0
