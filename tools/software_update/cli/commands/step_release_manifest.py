"""step release-manifest: write a release manifest, the payload of the target user_manifest."""

import argparse
from collections.abc import Sequence

from software_update.base import files
from software_update.base.dates import parse_date
from software_update.base.errors import InputError, UsageError, shown
from software_update.base.text import check_encoding
from software_update.cli.options import arguments, values
from software_update.format import release_manifest
from software_update.format.claims import AREAS, CONFINED_BY, REACH, Claims
from software_update.format.limits import MAX_USER_MANIFEST_BYTES
from software_update.format.release_manifest import ReleaseManifest, is_language
from software_update.steps.release_files import (
    read_advisories,
    read_attachments,
    read_claim_files,
    read_texts,
)

_BOOLEANS = {"true": True, "false": False}


def run(argv: Sequence[str]) -> int:
    parser = arguments.Parser(
        "step release-manifest",
        "Writes a release manifest (JSON), for --user-manifest of other commands.",
    )
    parser.add_argument("--product", metavar="P", required=True, help="the product")
    values.add_value(
        parser,
        "release-version",
        metavar="V",
        about="the release's version, for people",
        required=True,
    )
    values.add_value(
        parser,
        "release-counter",
        metavar="N",
        about="the release counter; devices reject a release with a lower counter than the "
        "installed one",
        required=True,
    )
    arguments.add_list(
        parser, "--hardware-id", "ID", "the hardware ids that the release is for; default: any"
    )
    values.add_value(
        parser,
        "minimum-release-counter",
        metavar="N",
        about="the release counter that a device must have installed before",
    )
    notes = parser.add_mutually_exclusive_group()
    notes.add_argument("--notes", metavar="TEXT", help="the changes in this release, for people")
    notes.add_argument(
        "--notes-file", metavar="FILE", help="a file (UTF-8) with the changes in this release"
    )
    _add_consent(parser)
    _add_claims(parser)
    values.add_value(
        parser,
        "support-until",
        metavar="T",
        about="the time until which the release is supported, such as 2031-01-01T00:00:00Z",
    )
    arguments.add_output(parser, "the release manifest to write")
    args = parser.parse_args(argv)
    content = release_manifest.build_release(_release(args), _claims(args))
    if len(content) > MAX_USER_MANIFEST_BYTES:
        raise UsageError(
            f"{args.output}: {len(content)} bytes, a device reads at most {MAX_USER_MANIFEST_BYTES}; "
            "shorten --notes, the other texts, and --claims"
        )
    inputs = arguments.files_of(
        *args.advisories,
        *args.attachment,
        *args.claims,
        *(path for _, path in _texts_of(args.texts)),
        args.minimum_release_counter_file,
        args.notes_file,
        args.release_counter_file,
        args.release_version_file,
        args.support_until_file,
    )
    files.write_output(args.output, content, inputs=inputs)
    return 0


def _add_consent(parser: argparse.ArgumentParser) -> None:
    """Options for the fields that a person reads before an update."""
    parser.add_argument(
        "--kind",
        choices=release_manifest.KINDS,
        help="the contents of the release: security fixes, features, or both",
    )
    parser.add_argument(
        "--severity", choices=release_manifest.SEVERITIES, help="the importance of the release"
    )
    arguments.add_list(
        parser,
        "--advisories",
        "FILE",
        "security advisories about vulnerabilities that the release fixes (JSON): a list of objects "
        "with id, severity, text and optionally action",
    )
    parser.add_argument(
        "--duration",
        metavar="N",
        help="the time that the installation is expected to take, in seconds",
    )
    arguments.add_list(
        parser,
        "--unavailable-function",
        "TEXT",
        "functions of the product that do not work during the update, for people",
    )
    parser.add_argument(
        "--reversible",
        choices=tuple(_BOOLEANS),
        help="whether the update can be undone after it is committed",
    )
    arguments.add_list(
        parser,
        "--texts",
        "LANGUAGE=FILE",
        "texts in a language (BCP 47, such as de or pt-BR) and their file (JSON): an object with notes "
        "or unavailable_functions",
    )


def _add_claims(parser: argparse.ArgumentParser) -> None:
    """Options for the fields that say what the release can do, and what else people can check."""
    arguments.add_list(
        parser,
        "--claims",
        "FILE",
        "claims about targets (JSON): an object with a member for each target, an object with component, "
        f"area ({', '.join(AREAS)}), and optionally reach (a list of {', '.join(REACH)}), confined_by "
        f"({', '.join(CONFINED_BY)}) and reversible",
    )
    arguments.add_list(
        parser,
        "--attachment",
        "FILE",
        "files that people can check with the release, such as its SBOM; the manifest lists the name, "
        "length and SHA-256 of each",
    )


def _claims(args: argparse.Namespace) -> Claims:
    targets = read_claim_files(args.claims)
    return Claims(tuple(targets), tuple(read_attachments(args.attachment)))


def _release(args: argparse.Namespace) -> ReleaseManifest:
    version = values.value_of(args, "release-version", _text)
    counter = values.value_of(args, "release-counter", _counter)
    assert version is not None and counter is not None  # They are required.

    def minimum(text: str, what: str) -> int:
        number = _counter(text, what)
        if number > counter:
            raise UsageError(
                f"{what}: {number} is over the release's own counter, {counter}; "
                "no device could install it"
            )
        return number

    for index, each in enumerate(args.hardware_id):
        if each in args.hardware_id[:index]:
            raise UsageError(f"--hardware-id: {each!r} appears twice; name each once")
    return ReleaseManifest(
        product=_text(args.product, "--product"),
        version=version,
        counter=counter,
        hardware_ids=tuple(_text(each, "--hardware-id") for each in args.hardware_id),
        minimum_counter=values.value_of(args, "minimum-release-counter", minimum),
        notes=_notes(args),
        kind=args.kind,
        severity=args.severity,
        advisories=tuple(each for path in args.advisories for each in read_advisories(path)),
        duration=None if args.duration is None else _duration(args.duration),
        unavailable_functions=tuple(
            _text(each, "--unavailable-function") for each in args.unavailable_function
        ),
        reversible=None if args.reversible is None else _BOOLEANS[args.reversible],
        texts=tuple(read_texts(language, path) for language, path in _texts_of(args.texts)),
        support_until=values.value_of(args, "support-until", _date),
    )


def _counter(text: str, what: str) -> int:
    return arguments.parse_integer(text, what, "release counter")


def _duration(text: str) -> int:
    return arguments.parse_integer(text, "--duration", "number of seconds")


def _texts_of(given: Sequence[str]) -> list[tuple[str, str]]:
    """The languages and files of --texts."""
    pairs: list[tuple[str, str]] = []
    for each in given:
        language, equals, path = each.partition("=")
        if not equals or not path or not is_language(language):
            raise UsageError(
                f"--texts: '{shown(each)}': write LANGUAGE=FILE, with a BCP 47 tag such as de or pt-BR"
            )
        if language.lower() in (known.lower() for known, _ in pairs):
            raise UsageError(f"--texts: {language} appears twice; name each language once")
        pairs.append((language, path))
    return pairs


def _date(text: str, what: str) -> str:
    parse_date(text, what)
    return text


def _text(text: str, what: str) -> str:
    if not text:
        raise UsageError(f"{what}: empty; write a text")
    return arguments.text_of(text, what)


def _notes(args: argparse.Namespace) -> str | None:
    if args.notes_file is None:
        return None if args.notes is None else _text(args.notes, "--notes")
    content = files.read_input(args.notes_file, MAX_USER_MANIFEST_BYTES)
    check_encoding(args.notes_file, content)
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise InputError(f"{args.notes_file}: not UTF-8; save the release notes as UTF-8") from None
    if not text:
        raise InputError(
            f"{args.notes_file}: empty; write release notes, or leave --notes-file out"
        )
    return text
