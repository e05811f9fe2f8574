"""bundle page: write the page of a release, for the people who decide about it."""

import argparse
import contextlib
import os
import shlex
from collections.abc import Iterator, Sequence

from software_update.base import files
from software_update.base.errors import UsageError, shown
from software_update.base.strict_json import to_text
from software_update.cli.options.arguments import Parser, add_at, files_of, time_of
from software_update.cli.options.schemes import add_schemes, schemes_of
from software_update.disclosure.disclosed import (
    Disclosed,
    OpenFile,
    unverified_release,
    unverified_releases,
    verified_release,
    verified_releases,
)
from software_update.disclosure.page import PageFile, ReleasePage
from software_update.disclosure.page_document import page_document
from software_update.disclosure.page_files import accompanying_files, files_next_to
from software_update.disclosure.page_html import page_html
from software_update.disclosure.page_of_release import page_of_release
from software_update.disclosure.page_sections import layout
from software_update.disclosure.page_text import page_text
from software_update.format.release_manifest import is_language
from software_update.transparency.proof import SUFFIX
from software_update.verify.trust_files import parse_trusted_root, read_root_file

_FORMATS = ("html", "json", "text")


def run(argv: Sequence[str]) -> int:
    args = _arguments(argv)
    if not is_language(args.language):
        raise UsageError(
            f"--language: '{shown(args.language)}' is not a language tag; write one such as de or pt-BR"
        )
    content = _rendered(_page(args), args.format, args.language)
    inputs = [args.bundle, *files_of(args.previous, args.trusted_root), *(args.attachment or [])]
    files.write_output(args.out, content.encode(), inputs=inputs)
    return 0


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = Parser(
        "bundle page",
        "Writes a page that says what a release is, why it exists and what it may do: one HTML file "
        "that needs no network and no script, or the same as JSON or text. Exit code 1: the bundle is "
        "rejected.",
    )
    parser.add_argument("bundle", metavar="BUNDLE", help="the bundle")
    parser.add_argument(
        "--previous",
        metavar="OLD",
        help="the release that devices run: a bundle, or an installed manifest; the page then lists the "
        "changes",
    )
    parser.add_argument(
        "--trusted-root",
        metavar="FILE",
        help="the signed root metadata that the device trusts; without it, the page says NOT VERIFIED",
    )
    parser.add_argument(
        "--attachment",
        nargs="*",
        metavar="FILE",
        help="the files about the release, such as its SBOM and its proof; default: those next to the "
        "bundle",
    )
    add_at(parser)
    add_schemes(parser)
    parser.add_argument(
        "--format",
        choices=_FORMATS,
        default="html",
        help="the format of the page; json is software_update.release_page.v1; default: html",
    )
    parser.add_argument(
        "--language",
        metavar="TAG",
        default="en",
        help="the language of the reader, for texts that are translated; default: en",
    )
    parser.add_argument("-o", "--out", metavar="FILE", required=True, help="write the page to FILE")
    return parser.parse_args(argv)


def _page(args: argparse.Namespace) -> ReleasePage:
    with contextlib.ExitStack() as stack:
        fd = stack.enter_context(files.open_input(args.bundle))
        bundle = OpenFile(fd, args.bundle)
        old = None
        if args.previous is not None:
            old = OpenFile(stack.enter_context(files.open_input(args.previous)), args.previous)
        release, previous, not_checked = _read(args, bundle, old)
        here = files_next_to(args.bundle) if args.attachment is None else _named(args.attachment)
        found = accompanying_files(here, release.claims.attachments)
        return page_of_release(
            release,
            previous,
            is_verified=args.trusted_root is not None,
            not_checked=not_checked,
            file=os.path.basename(args.bundle),
            size=os.fstat(fd).st_size,
            files=found,
        )._replace(commands=tuple(_commands(os.path.basename(args.bundle), args.previous, found)))


def _named(paths: Sequence[str]) -> dict[str, str]:
    """Returns files by their names without a folder."""
    named: dict[str, str] = {}
    for path in paths:
        name = os.path.basename(path)
        if name in named:
            raise UsageError(f"--attachment: two files have the name '{shown(name)}'; rename one")
        named[name] = path
    return named


def _commands(
    bundle: str, previous: str | None, found: Sequence[PageFile]
) -> Iterator[tuple[str, str]]:
    """Yields the commands that check what the page says, each with the key of its label."""
    file, folder = shlex.quote(bundle), shlex.quote(f"{bundle}.attachments")
    old = "OLD" if previous is None else shlex.quote(os.path.basename(previous))
    root, proof = "--trusted-root vendor.root.pb", bundle + SUFFIX
    yield "check_verify", f"software-update bundle verify {file} {root}"
    if any(each.name != proof for each in found):
        command = f"software-update bundle verify {file} {root} --attachments {folder}"
        yield "check_attachments", command
    if any(each.name == proof for each in found):
        yield "check_proof", f"software-update log verify {file} {root} --log-policy POLICY"
    yield "check_audit", f"software-update audit {file} --rebuilt YOURS"
    yield "check_diff", f"software-update bundle diff {old} {file} {root}"
    yield "check_inspect", f"software-update bundle inspect {file}"
    yield "check_extract", f"software-update bundle extract {file} --output FOLDER"


def _read(
    args: argparse.Namespace, bundle: OpenFile, old: OpenFile | None
) -> tuple[Disclosed, Disclosed | None, tuple[str, ...]]:
    """Returns the release, the previous one, and the open questions of the verification."""
    if args.trusted_root is None:
        if old is None:
            return unverified_release(bundle), None, ()
        found = unverified_releases(old, bundle)
        return found.new, found.old, ()
    schemes, at = schemes_of(args), time_of(args)
    trusted = parse_trusted_root(args.trusted_root, read_root_file(args.trusted_root), schemes)
    if old is None:
        release, not_checked = verified_release(bundle, trusted, at=at, schemes=schemes)
        return release, None, not_checked
    found = verified_releases(old, bundle, args.trusted_root, trusted, at=at, schemes=schemes)
    return found.new, found.old, found.not_checked


def _rendered(page: ReleasePage, form: str, language: str) -> str:
    if form == "json":
        return to_text(page_document(page))
    sections = layout(page, language)
    return page_text(sections) if form == "text" else page_html(sections)
