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
        allowed_targets = None,
        holders = None,
        previous = None,
        expires = None,
        expires_file = None,
        expires_flag = None,
        dev_signing_keys = None,
        signatures = None,
        signatures_folder = None,
        out = None,
        strict_pigweed = False,
        **kwargs):
    """Makes root metadata from public keys: which keys may sign for each role, and how many of them must.

    The macro makes these targets:

    - `NAME`: the root, a SignedRootMetadata;
    - `NAME.signing_request`: the bytes to sign, a RootMetadata, and `NAME.signing_request.json`, which describes them
      and lists the keys that may sign;
    - `NAME.sign`: a program that signs these bytes with a key file, a token or a signing program, and writes the
      signature into the source tree, as that of `software_update_bundle` does.

    The target provides `SoftwareUpdateRootInfo`.

    Args:
      name: A string: the root's name.
      version: An integer from 1 to 4294967295, the same in decimal text, or a `select()` of either: the version of the
        root metadata, one more than the version of the root before it. In a `select()`, write an integer above
        2147483647 as text.
      root_keys: A list of labels: the public keys of the role `root`, which sign this root and the next, as PEM files
        (SubjectPublicKeyInfo). Building the root fails if a file contains a private key or anything else besides a
        public key, as in `software-update key check --public`.
      targets_keys: A list of labels: the public keys of the role `targets`, which sign releases, as PEM files. A key
        must not have both roles.
      root_threshold: An integer, in the same forms as `version`: the number of root keys that must sign.
      targets_threshold: An integer, in the same forms as `version`: the number of targets keys that must sign.
      allowed_targets: A list of strings: the only targets that releases under this root may list, signed with the root.
        An entry is a target name, or a prefix that ends in `/*` and allows every name below it, such as `assets/*`. A
        list has at most 16 entries of at most 64 characters. `user_manifest` is always allowed. Devices with Pigweed's
        client ignore the list. By default, all targets are allowed.
      holders: A dict from a label of a public key to a string: the person or role that holds the key, such as
        `{"keys/release_1.pub": "release manager"}`. Signing requests, `software-update sign`, the output group `check`
        and errors about signatures show this name next to the key id. It has 1 to 64 printable ASCII characters. The
        root does not contain the names, so changing one changes no signed byte. By default, a key has the name of its
        file.
      previous: A label of a `software_update_root` or of a file: the root before this one. Building this root then
        checks that a device may move from that root to this one: the version is one more, and both thresholds can be
        met. The output group `check` contains `NAME.check.json`, which lists the missing signatures. A bundle under
        this root contains the roots between the first known root and this one, so that a device that missed some of
        them can follow. If `previous` is a file of version 2 or higher, such a bundle needs `root_chain`. Attaching the
        `signatures` of a release fails if `previous` lists a dev key. By default, none.
      expires: A string: when the root metadata expires, such as `2031-01-01T00:00:00Z`. Set at most one
        of `expires`, `expires_file` and `expires_flag`. By default, never.
      expires_file: A label of a file that contains this date, read when the root is built.
      expires_flag: A label of a build setting that holds this date, such as a `string_flag` of bazel_skylib.
      dev_signing_keys: A list of labels: private root keys in the tree, as PEM files, that sign the root in dev mode.
        Anyone who has the tree can sign with them. So the root states `DEV KEYS: anyone can sign this` in every mode,
        commands show these words for the root and for everything that is signed under it, and the release mode
        rejects the root. By default, none, and the root is not signed.
      signatures: A list of labels: signatures of `NAME.signing_request`, made outside the build by
        `software-update sign`, such as `glob(["signatures/NAME/*.json"], allow_empty = True)`. With
        `--@rules_software_update//rules/settings:signing=release`, the build attaches them, and fails if too few keys
        have signed. By default, none.
      signatures_folder: A string without `select()`: the folder into which `NAME.sign` and `software-update signatures
        collect` write signatures, as a path below the package. By default, `signatures/NAME`, which is not the folder of a bundle.
      out: A string: the root's file name. By default, `NAME.root.pb`.
      strict_pigweed: A bool: whether the build fails on a move from `previous` that Pigweed's client would not make at
        once. By default, it warns.
      **kwargs: Attributes that Bazel gives every rule, such as `tags` and `visibility`. Write `tags` without
        `select()`.
    """
    common = common_attributes("software_update_root", name, kwargs)
    _software_update_root(
        name = name,
        allowed_targets = allowed_targets,
        dev_signing_keys = dev_signing_keys,
        expires = expires,
        expires_file = expires_file,
        expires_flag = expires_flag,
        holders = holders,
        limits_targets = allowed_targets != None,
        out = out or name + ".root.pb",
        previous = previous,
        root_keys = root_keys,
        signatures = signatures,
        signatures_folder = signatures_folder or "signatures/" + name,
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
