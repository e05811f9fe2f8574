"""The rule `software_update_release_page`."""

load("//rules/private:software_update_release_page.bzl", _software_update_release_page = "software_update_release_page")
load("//rules/private/attributes:common.bzl", "common_attributes")

def software_update_release_page(*, name, bundle, previous = None, attachments = None, trusted_root = None, language = "en", out = None, **kwargs):
    """Writes the page of a release: what it is, why it exists, what it may do, and how to check it.

    The output is one HTML file that needs no network and no script. The output groups `json` and `text` contain the
    same facts as `NAME.json` and `NAME.txt`. The guide [Show people a release](../../guides/release_page.md) explains
    the page.

    The action verifies the bundle first, and fails if a device with `previous` rejects it. In the signing mode
    `unsigned` there is nothing to verify, and the page begins with NOT VERIFIED.

    Args:
      name: A string: the page's name.
      bundle: A label of a `software_update_bundle`: the bundle of the release.
      previous: A label: the release that devices run. It is a `software_update_bundle`, a manifest that
        `software-update bundle verify --write-installed` wrote, or the file of a bundle. The page says what changes. By
        default, `unchanged_from` of the bundle, if it has one; otherwise, the page lists no changes.
      attachments: A list of labels of `software_update_attachment` or of files: the attachments of the release, and the
        proof that it is in a log. The page says whether they are those that the release manifest lists. By default
        none, so the page lists the attachments in the release manifest as not present.
      trusted_root: A label of a `software_update_root` or of a file: the root metadata with which the verification
        starts. It must not be older than the root under which devices accepted `previous`. By default, the root in
        `previous` if that is a bundle, and otherwise the root with which the verification of `bundle` starts.
      language: A string: the language of the reader, a tag of BCP 47 such as `de`. Texts of the release are in this
        language if its release manifest has a translation.
      out: A string: the page's file name. By default, `NAME.html`.
      **kwargs: Attributes that Bazel gives every rule, such as `tags` and `visibility`. Write `tags` without
        `select()`.
    """
    common = common_attributes("software_update_release_page", name, kwargs)
    _software_update_release_page(
        name = name,
        attachments = attachments,
        bundle = bundle,
        language = language or "en",
        out = out or name + ".html",
        previous = previous,
        trusted_root = trusted_root,
        **common.public
    )
