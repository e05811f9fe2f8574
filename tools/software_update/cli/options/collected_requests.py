"""--collected-requests: the signing requests that a build finds in its graph, in any order."""

from software_update.base import files
from software_update.base.errors import InputError
from software_update.base.strict_json import parse_file
from software_update.steps.gather import RequestFile

_LIST_BYTES = 64 * 1024 * 1024
_ENTRIES = (
    '[{"request": "a.signing_request", "label": "//product:a", "signatures_folder": "product/signatures", '
    '"roots": ["root.pb"]}]'
)


def read_collected_requests(path: str) -> tuple[list[RequestFile], list[str]]:
    """Returns the requests in a list, and the roots whose keys may sign them.

    Paths of files are relative to the current folder. Two bundles may list one root.
    """
    try:
        entries = parse_file(path, files.read_input(path, _LIST_BYTES))
        requests = [
            RequestFile(each["request"], each["label"], each["signatures_folder"])
            for each in entries
        ]
        roots = [root for each in entries for root in each["roots"]]
        texts = [text for each in requests for text in each] + roots
        if not isinstance(entries, list) or not all(isinstance(text, str) for text in texts):
            raise ValueError
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{path}: not of the form {_ENTRIES}") from None
    return requests, list(dict.fromkeys(roots))
