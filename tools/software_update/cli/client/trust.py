"""trust: a person confirms the fingerprint of a root that the start has refused."""

import sys
from argparse import Namespace
from collections.abc import Sequence
from typing import Any

from software_update.base.errors import UsageError, printable
from software_update.base.strict_json import to_text
from software_update.cli.client.arguments import add_domain, parser_of
from software_update.cli.client.outcome import QUESTION
from software_update.cli.client.session import open_session
from software_update.cli.client.text import status_lines
from software_update.client.root_chain import readable

Document = dict[str, Any]


def run_trust(argv: Sequence[str]) -> int:
    """Makes a refused root the one in force."""
    parser = parser_of(
        "trust",
        "Makes the root in the image the one in force, after the client has refused it because it does not "
        "follow from the stored one. Without --fingerprint, shows both, and reads the fingerprint on a "
        "terminal.",
    )
    add_domain(parser, "the only one")
    parser.add_argument(
        "--fingerprint",
        metavar="HEX",
        help="the fingerprint that the vendor has told you, or its first 20 or more digits",
    )
    parser.add_argument(
        "--end-floor",
        action="store_true",
        help="count the releases under this root anew, for another vendor; default: the floor stays",
    )
    args = parser.parse_args(argv)
    with open_session(args.config) as session:
        given = args.fingerprint
        if given is None:
            status = session.read("status")
            lines = _question(_domain(status, args), args.end_floor)
            given = _typed(lines)
            if given is None:
                print(to_text(status) if args.json else "\n".join([*lines, ""]), end="")
                return QUESTION
        end_floor = args.end_floor or None
        status = session.act("trust", fingerprint=given, domain=args.domain, end_floor=end_floor)
    print(to_text(status) if args.json else "\n".join([*status_lines(status), ""]), end="")
    return 0


def _domain(status: Document, args: Namespace) -> Document:
    domains = status["domains"]
    name = args.domain or (next(iter(domains)) if len(domains) == 1 else None)
    if name not in domains:
        raise UsageError(f"--domain: name one of the domains {', '.join(domains)}")
    found: Document = domains[name]
    return found


def _question(domain: Document, ends_floor: bool) -> list[str]:
    image, floor = domain["image_root"], domain["floor"]
    stored = "cannot be read"
    if domain["root_version"] is not None:
        shown = readable(domain["root_fingerprint"])
        stored = f"version {domain['root_version']}, fingerprint {shown}"
    if floor is None:
        about = "There is no floor."
    elif ends_floor:
        about = f"The floor {printable(floor['version'])} ends: every release under the root is allowed."
    else:
        about = f"The floor {printable(floor['version'])} stays: no lower release is installed."
    return [
        f"stored root: {stored}",
        f"root in the image: version {image['version']}, fingerprint {readable(image['fingerprint'])}",
        "The holders of its keys decide which software this device runs.",
        about,
        "Compare the fingerprint with the one that the vendor has told you in another way, and state it:",
        "  software-update-client trust --fingerprint HEX",
    ]


def _typed(lines: Sequence[str]) -> str | None:
    """Reads the fingerprint on the terminal; None if there is none, or the person types nothing."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    print("\n".join(lines), file=sys.stderr)
    print("Fingerprint from the vendor: ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip() or None
