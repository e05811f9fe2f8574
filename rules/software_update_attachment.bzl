"""The rule `software_update_attachment`."""

load("//rules/private:software_update_attachment.bzl", _software_update_attachment = "software_update_attachment")
load("//rules/private/attributes:common.bzl", "common_attributes")

def software_update_attachment(
        *,
        name,
        bundle,
        file,
        public_keys = None,
        **kwargs):
    """Puts a file about a release next to its bundle, in the folder `BUNDLE.attachments`.

    An attachment is one of two things:

    - A file that was known before the release was signed, such as its SBOM. Write it also into `attachments` of the
      `software_update_release_manifest`, so that the signatures of the release cover its SHA-256.
    - A signed statement about the release that was made later, such as that of an auditor. `software-update attachment
      sign` makes it; keep it in the source tree, like a detached signature.

    The build fails if the file is neither the one that the release manifest lists under its name, nor a signed statement
    about this release. `bundle verify --attachments` checks the folder, and `repository add` and `repository publish`
    publish it together with the bundle. Devices download attachments only if they ask for them.

    Args:
      name: A string: the attachment's name.
      bundle: A label of a `software_update_bundle` or `software_update_promotion` in the same package.
      file: A label of the attachment. It keeps its file name.
      public_keys: A list of labels of public keys (PEM). One of them must have signed a statement. By default, no
        signature of a statement is checked.
      **kwargs: Attributes that Bazel gives every rule, such as `tags` and `visibility`. Write `tags` without
        `select()`.
    """
    common = common_attributes("software_update_attachment", name, kwargs)
    _software_update_attachment(
        name = name,
        bundle = bundle,
        file = file,
        public_keys = public_keys,
        **common.public
    )
