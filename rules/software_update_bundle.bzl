"""The rule `software_update_bundle`."""

load("//rules/private:signing_request.bzl", "signing_request")
load("//rules/private:software_update_bundle.bzl", _software_update_bundle = "software_update_bundle")
load("//rules/private:targets_metadata.bzl", "METADATA_SUFFIX", "targets_metadata")
load("//rules/private/attributes:common.bzl", "common_attributes", "or_default")
load("//rules/private/attributes:integer.bzl", "integer_arguments")
load("//rules/private/runnables:inspect.bzl", "inspect")
load("//rules/private/runnables:sign.bzl", "sign")

def software_update_bundle(
        *,
        name,
        targets,
        version = None,
        version_file = None,
        version_flag = None,
        root = None,
        dev_root = None,
        dev_signing_keys = None,
        signatures = None,
        signatures_folder = "signatures",
        trusted_root = None,
        user_manifest = None,
        expires = None,
        at = None,
        out = None,
        strict_pigweed = False,
        **kwargs):
    """Makes a signed and verified update bundle out of the build's artifacts.

    Besides the bundle itself, `NAME`, this makes

    - `NAME.signing_request`, the targets metadata as it is to be signed, with `NAME.signing_request.json`, which
      says who may sign it and what is in it; it needs no private key, waits for no verification, and is the
      same in every mode;
    - `NAME.sign`, which signs that with a key file or a signing program, and writes the signature into the source
      tree: `bazel run //product:NAME.sign -- --key file:PATH`. It takes the options of `software-update sign`, with
      paths as from where it is called. Other repositories' bundles have none;
    - `NAME.inspect`, which prints what is in the bundle: `bazel run //product:NAME.inspect`.

    The flag `--@rules_software_update//rules/settings:signing` selects the signatures and the root in the bundle; the
    rest of the bundle is the same in each mode. By default it is `dev`: keys in the tree sign it, and the bundle contains
    `dev_root`. With `release`, the bundle contains `root` and the `signatures` that were made outside the build. With
    `unsigned`, it contains no signatures. The build reads only private keys that are in the tree. `dev` signs with them.
    In `release`, one action writes their public identities, and the action that attaches the signatures reads only these:
    it rejects a root that lists such a key or says `DEV KEYS`, whether that is `root`, a root before it, or `trusted_root`.

    Building the bundle also verifies it, as a device would; `--norun_validations` leaves that out, and an
    unsigned one is not. It gives `SoftwareUpdateBundleInfo`. Bazel downloads from a cache only the outputs that you request:
    request the others with `--output_groups=+GROUP`. An unsigned bundle has neither `verdict` nor `installed`.

    | Output group | File |
    |---|---|
    | `verdict` | `NAME.verdict.json`, the report of the verification; `--norun_validations` does not skip it if you request it |
    | `installed` | `NAME.installed.pb`, the manifest that a device keeps once it has installed the bundle |
    | `sha256` | the bundle's name and `.sha256`, for `sha256sum -c` |
    | `targets_metadata`, `root_metadata` | the signed metadata in the bundle |

    Args:
      name: The bundle's name.
      targets: Target names and what they stand for: a dict from name to label. A key that does not end in `/`
        is the name of one file. A key that ends in `/` is a prefix: its label may give several files, each
        named by its path below its own package, put under the prefix unless it is there already; or a
        directory, whose files are named by their paths below that directory, under the prefix. So with
        `"assets/": ":assets"`, where `assets` is `glob(["assets/**"])`, the file `assets/logo.raw` is the
        target `assets/logo.raw`. Name no folder of the source tree: list its files with `glob()`, as here.
      version: The version of the targets metadata: an integer from 1 to 4294967295, as a number or as decimal
        text, or a `select()` of one of the two. In a `select()`, write an integer above 2147483647 as text,
        because Bazel accepts no such number there. A device rejects a version lower than the one installed.
        Write exactly one of `version`, `version_file` and `version_flag`.
      version_file: A file that holds the version.
      version_flag: A build setting that holds the version, such as an `int_flag` or a `string_flag` of
        bazel_skylib.
      root: The root metadata that releases are signed under: a `software_update_root` or a file. The signing
        request says who may sign by it, and by `dev_root` where it is left out.
      dev_root: The root metadata of bundles that are signed with dev keys. The default lists throw-away keys
        that anyone has.
      dev_signing_keys: Private keys in the tree, as PEM files, that sign the targets metadata. Anyone who has
        the tree can sign with them: so no root of a release may list one, whatever its file is called. What they
        sign is shown as `DEV KEYS: anyone can sign this` where `dev_root` says so, as a `software_update_root`
        with `dev_signing_keys` of its own does. The default is the throw-away key that the default `dev_root` lists.
      signatures: Signatures of `NAME.signing_request`, made outside the build by `software-update sign`, such as
        `glob(["signatures/*.json"], allow_empty = True)`. A release has to have as many as its root asks for,
        with `--norun_validations` too. The build leaves out signatures of other requests, and names them in a
        warning. The other modes do not read them.
      signatures_folder: The folder into which `NAME.sign` writes signatures, as a path below the package, without
        `select()`. Give each bundle that is released from one package a folder of its own, or the build
        lists the signatures of the others as left out.
      trusted_root: The root metadata that the verification starts from: the root on a device. The default is the
        `previous` of the root in the bundle or, without one, the root in the bundle. If `root` is given, it is the
        root on devices that accept releases, and dev mode does not use it.
        Building a release fails if it lists a dev key.
      user_manifest: A file that becomes the reserved target `user_manifest`, which a device hands to the product
        before it installs. The build warns if it is not a
        release manifest, because devices then check neither a release counter nor the hardware.
      expires: When the targets metadata expires, such as `2031-01-01T00:00:00Z`. By default never.
      at: The time at which the verification takes place, such as `2031-01-01T00:00:00Z`. By default no
        expiry is checked, because a build has no clock.
      out: The bundle's file name. The default is `NAME.bundle`.
      strict_pigweed: Whether a target or a chain of roots that Pigweed's client would not install is an error and
        not a warning.
      **kwargs: The attributes that Bazel gives every rule, such as `tags` and `visibility`. Write `tags`
        without `select()`.
    """
    common = common_attributes("software_update_bundle", name, kwargs)
    targets_metadata(
        name = name + METADATA_SUFFIX,
        expires = expires,
        strict_pigweed = strict_pigweed,
        targets = targets,
        user_manifest = user_manifest,
        version_file = version_file,
        version_flag = version_flag,
        **(common.private | integer_arguments(version = version))
    )
    signing_request(
        name = name + ".signing_request",
        metadata = ":" + name + METADATA_SUFFIX,
        root = root,
        root_or_dev_root = or_default(root, dev_root),
        **common.public
    )
    sign(
        name = name + ".sign",
        folder = signatures_folder or "signatures",
        request = name + ".signing_request",
        **common.public
    )
    _software_update_bundle(
        name = name,
        dev_root = dev_root,
        dev_signing_keys = dev_signing_keys,
        metadata = ":" + name + METADATA_SUFFIX,
        out = out or name + ".bundle",
        root = root,
        signatures = signatures,
        strict_pigweed = strict_pigweed,
        trusted_root = trusted_root,
        at = at,
        **common.public
    )
    inspect(
        name = name + ".inspect",
        bundle = ":" + name,
        **common.public
    )
