"""The rule `software_update_signing_requests`."""

load("//rules/private:software_update_signing_requests.bzl", _software_update_signing_requests = "software_update_signing_requests")
load("//rules/private/attributes:common.bzl", "common_attributes")

def software_update_signing_requests(*, name, bundles, **kwargs):
    """Gathers the signing requests of bundles, and of the roots that they need, into one folder.

    The output is the directory `NAME`. It contains for each request the bytes to sign and the JSON that describes
    them, under a name that the label of the bundle or root determines, and `index.json`. The index lists the label,
    role, product, version and SHA-256 of each request, and the folder in the source tree for its signatures.

    `software-update sign --queue` signs the requests in this directory, and `software-update signatures collect` puts
    the signatures where the build of each bundle and root finds them. Outputs of Bazel are read-only: write the
    signatures into another folder (`--folder`), or copy the directory.

    The directory is the same in each signing mode, and building it needs no signature. It also contains the request of
    each `software_update_root` without `dev_signing_keys` that is the `root` of a bundle or in its `root_chain`, or that
    `previous` leads to.
    Building it fails if anyone can sign a request, because the bundle has no `root`, or one with `dev_signing_keys`.

    Args:
      name: A string: the directory's name.
      bundles: A list of labels of `software_update_bundle`, in the same module.
      **kwargs: Attributes that Bazel gives every rule, such as `tags` and `visibility`. Write `tags` without
        `select()`.
    """
    _software_update_signing_requests(
        name = name,
        bundles = bundles,
        **common_attributes("software_update_signing_requests", name, kwargs).public
    )
