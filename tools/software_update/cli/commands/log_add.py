"""log add: add the records of releases to a transparency log."""

from collections.abc import Sequence

from software_update.base.errors import printable, shown
from software_update.base.strict_json import to_text
from software_update.cli.log import arguments as options
from software_update.cli.options.arguments import Parser

_SCHEMA = "software_update.log_added.v1"


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "log add",
        "Verifies bundles, and adds the records of their releases to a log. A record that is there is not "
        "added again. The log shows new records after `log sign`.",
    )
    options.add_log(parser)
    options.add_bundle(parser, several=True)
    options.add_json(parser, _SCHEMA)
    args = parser.parse_args(argv)
    from software_update.disclosure.log_add import add_records, check_key
    from software_update.disclosure.log_folder import read_log

    storage = options.folder_of(args)
    key = read_log(storage).key
    releases = options.verified(args, args.bundles)
    for each in releases:
        check_key(key, each.release.trusted.roots)
    added, size = add_records(storage, [each.record.content() for each in releases])
    pairs = list(zip(releases, added, strict=True))
    if args.json:
        found = [
            {
                "bundle": release.path,
                "product": release.record.product,
                "release_counter": release.record.release_counter,
                "release": release.record.release_digest,
                "index": place.record_index,
                "added": place.is_new,
            }
            for release, place in pairs
        ]
        print(
            to_text({"schema": _SCHEMA, "log": key.name, "size": size, "releases": found}), end=""
        )
        return 0
    for release, place in pairs:
        what = "added as" if place.is_new else "is already"
        print(
            f"{printable(release.path)}: {shown(release.record.product)} "
            f"{release.record.release_counter}: {what} record {place.record_index}"
        )
    if any(place.is_new for _, place in pairs):
        print(f"{size} records; sign them with: software-update log sign")
    return 0
