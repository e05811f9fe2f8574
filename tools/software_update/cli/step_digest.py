"""step digest: length and SHA-256 of artifacts, in a JSON record."""

from collections.abc import Sequence

from software_update import digest, files
from software_update.cli import arguments


def run(argv: Sequence[str]) -> int:
    parser = arguments.Parser("step digest", "Hashes artifacts into a digest record (JSON).")
    arguments.add_payload_files(parser)
    arguments.add_output(parser, "the record to write")
    args = parser.parse_args(argv)
    payload_files = arguments.payload_files_of(args)
    paths = [path for _, path in payload_files]
    entries = [
        (name, length, sha256)
        for (name, _), (length, sha256) in zip(
            payload_files, digest.digest_files(paths), strict=True
        )
    ]
    files.write_output(args.output, digest.write_record(entries), inputs=paths)
    return 0
