"""The layers of the Python package: code uses only the layers before its own."""

visibility("//tools/software_update/...")

_LAYERS = [
    "base",
    "keys",
    "format",
    "bundle",
    "verify",
    "signing",
    "transparency",
    "attachments",
    "steps",
    "client",
    "provisioning",
    "repository",
    "disclosure",
    "cli",
]

def above(layer):
    """Returns the visibility of a layer: the layers after it, and the package as a whole.

    Args:
      layer: The name of one of the layers.
    """
    later = _LAYERS[_LAYERS.index(layer) + 1:]
    return ["//tools/software_update:__pkg__"] + [
        "//tools/software_update/{}:__subpackages__".format(each)
        for each in later
    ]
