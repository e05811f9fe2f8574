"""The private provider of targets with signing requests."""

visibility("//rules/...")

SigningRequestsInfo = provider(
    doc = "The signing requests of a bundle or root, and of the roots that it needs.",
    fields = {
        "requests": "depset of structs from `signing_request_of`.",
    },
)

def signing_request_of(label, signing_request, roots, signatures_folder):
    """Returns a signing request with all that `software_update_signing_requests` needs to know of it.

    Args:
      label: The Label of the bundle or root.
      signing_request: The struct of Files from `declare_signing_request`.
      roots: A list whose items are File, the roots whose keys may sign, or None.
      signatures_folder: The folder for signatures, a path below the package.

    Returns:
      A struct that a depset can contain.
    """
    package = label.package + "/" if label.package else ""
    return struct(
        bytes = signing_request.bytes,
        label = label,
        roots = tuple([root for root in roots if root]),
        signatures_folder = package + signatures_folder,
        summary = signing_request.summary,
    )

def signing_requests_of(targets):
    """Returns the signing requests that targets need.

    Args:
      targets: A list whose items are Target or None.

    Returns:
      A list of depsets.
    """
    return [target[SigningRequestsInfo].requests for target in targets if target and SigningRequestsInfo in target]
