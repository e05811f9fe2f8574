"""The rule `software_update_root`."""

load("//rules/private:signing_request.bzl", "root_signing_request")
load("//rules/private:software_update_root.bzl", _software_update_root = "software_update_root")
load("//rules/private/attributes:common.bzl", "common_attributes")
load("//rules/private/attributes:integer.bzl", "integer_arguments")
load("//rules/private/runnables:sign.bzl", "sign")

def software_update_root(
        *,
        name,
        version,
        root_keys,
        targets_keys,
        root_threshold = 1,
        targets_threshold = 1,
        previous = None,
        expires = None,
        dev_signing_keys = None,
        signatures = None,
        signatures_folder = None,
        out = None,
        strict_pigweed = False,
        **kwargs):
    """Makes root metadata out of public keys: who may sign, and how many of them it takes.

    The file is a SignedRootMetadata. Besides it, this makes

    - `NAME.signing_request`, the RootMetadata as it is to be signed, with `NAME.signing_request.json`, which says
      who may sign it;
    - `NAME.sign`, which signs that with a key file or a signing program, and writes the signature into the source
      tree, as that of a `software_update_bundle` does.

    It gives `SoftwareUpdateRootInfo`.

    Args:
      name: The root's name.
      version: The version of the root metadata: one more than the version of the root before it. An integer from 1
        to 4294967295, as a number or as decimal text, or a `select()` of one of the two. In a `select()`, write an
        integer above 2147483647 as text.
      root_keys: The public keys of the role root, which sign this root and the next, as PEM files
        (SubjectPublicKeyInfo). As `software-update key check --public` does, building the root fails on a
        file that holds a private key, or anything else besides a public one.
      targets_keys: The public keys of the role targets, which sign what a bundle contains, as PEM files. No
        key may have both roles.
      root_threshold: The number of root keys that must sign, in the same spellings as `version`.
      targets_threshold: The number of targets keys that must sign, in the same spellings as `version`.
      previous: The root before this one: a `software_update_root`, or the file of one that was published.
        Building this root then checks that a device may go from that one to it: its version is one more,
        and both roots' thresholds can be met. The output group `check` has `NAME.check.json`, which lists the
        signatures that are still missing. A bundle under this root carries the roots between the first one
        known and this one, so that a device which missed some of them can follow. Attaching the `signatures` of a
        release fails if `previous` lists a dev key.
      expires: When the root metadata expires, such as `2031-01-01T00:00:00Z`. By default never.
      dev_signing_keys: Private root keys in the tree, as PEM files, that sign it in dev mode. Anyone who has the
        tree can sign with them. So the root says `DEV KEYS: anyone can sign this`, in every mode, it and what is
        signed under it is shown with these words, and no release goes out under it. By default it is not signed.
      signatures: Signatures of `NAME.signing_request`, made outside the build by `software-update sign`, such as
        `glob(["signatures/NAME/*.json"], allow_empty = True)`. With
        `--@rules_software_update//rules/settings:signing=release`, the build attaches them, and fails if too few keys have
        signed.
      signatures_folder: The folder into which `NAME.sign` writes signatures, as a path below the package, without
        `select()`. The default is `signatures/NAME`, apart from those of a bundle.
      out: The file's name. The default is `NAME.root.pb`.
      strict_pigweed: Whether a move from `previous` that Pigweed's client would not make at once is an error and not a
        warning.
      **kwargs: The attributes that Bazel gives every rule, such as `tags` and `visibility`. Write `tags`
        without `select()`.
    """
    common = common_attributes("software_update_root", name, kwargs)
    _software_update_root(
        name = name,
        dev_signing_keys = dev_signing_keys,
        expires = expires,
        out = out or name + ".root.pb",
        previous = previous,
        root_keys = root_keys,
        signatures = signatures,
        strict_pigweed = strict_pigweed,
        targets_keys = targets_keys,
        **(common.public | integer_arguments(
            root_threshold = root_threshold,
            targets_threshold = targets_threshold,
            version = version,
        ))
    )
    root_signing_request(
        name = name + ".signing_request",
        root = ":" + name,
        **common.public
    )
    sign(
        name = name + ".sign",
        folder = signatures_folder or "signatures/" + name,
        request = name + ".signing_request",
        **common.public
    )
