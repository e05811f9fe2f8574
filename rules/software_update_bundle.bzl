"""The rule `software_update_bundle`."""

load("//rules/private:signing_request.bzl", "signing_request")
load("//rules/private:software_update_bundle.bzl", _software_update_bundle = "software_update_bundle")
load("//rules/private:targets_metadata.bzl", "METADATA_SUFFIX", "targets_metadata")
load("//rules/private/attributes:common.bzl", "common_attributes", "or_default")
load("//rules/private/attributes:integer.bzl", "integer_arguments")
load("//rules/private/runnables:inspect.bzl", "inspect")
load("//rules/private/runnables:provenance.bzl", "provenance")
load("//rules/private/runnables:sign.bzl", "sign")

def software_update_bundle(
        *,
        name,
        targets,
        strip_prefix = None,
        version = None,
        version_file = None,
        version_flag = None,
        root = None,
        dev_root = None,
        root_chain = None,
        dev_signing_keys = None,
        signatures = None,
        signatures_folder = "signatures",
        trusted_root = None,
        user_manifest = None,
        unchanged_from = None,
        removes = None,
        expires = None,
        expires_file = None,
        expires_flag = None,
        at = None,
        out = None,
        compression = None,
        compression_of = None,
        compression_level = None,
        strict_pigweed = False,
        device_limits = None,
        **kwargs):
    """Makes a signed and verified update bundle from artifacts of the build.

    The macro makes these targets:

    - `NAME`: the bundle;
    - `NAME.signing_request`: the bytes to sign, and `NAME.signing_request.json`, which describes them and lists the
      keys that may sign. It needs no private key, does not wait for a verification, and is the same in every mode;
    - `NAME.sign`: a program that signs these bytes with a key file, a token or a signing program, and writes the
      signature into the source tree: `bazel run //product:NAME.sign -- --key file:PATH`. It accepts the options of
      `software-update sign`, with paths relative to the folder in which you call it. Bundles of other modules do not
      have this target;
    - `NAME.inspect`: a program that prints the content of the bundle: `bazel run //product:NAME.inspect`.
    - `NAME.provenance`: a program that writes how the bundle was built, as an in-toto statement with SLSA's provenance:
      `bazel run //product:NAME.provenance -- -o provenance.json`.

    The flag `--@rules_software_update//rules/settings:signing` selects the signatures and the root in the bundle; the
    rest of the bundle is the same in each mode:

    - `dev`, the default: `dev_signing_keys` sign the bundle, and it contains `dev_root`;
    - `release`: the bundle contains `root` and the `signatures` that were made outside the build;
    - `unsigned`: the bundle does not contain signatures.

    The build reads only private keys that are in the tree. In `dev`, they sign. In `release`, one action writes their
    public identities, and the action that attaches the signatures reads only these identities: it rejects a root that
    lists such a key or states `DEV KEYS`, whether that is `root`, a root before it, or `trusted_root`.

    Building a signed bundle also verifies it, as a device would; `--norun_validations` skips the verification. The
    target provides `SoftwareUpdateBundleInfo`. Bazel downloads from a cache only the outputs that you request: request
    the others with `--output_groups=+GROUP`. An unsigned bundle has neither `verdict` nor `installed`.

    | Output group | File |
    |---|---|
    | `verdict` | `NAME.verdict.json`, the report of the verification; `--norun_validations` does not skip it if you request it |
    | `installed` | `NAME.installed.pb`, the manifest that a device keeps once it has installed the bundle |
    | `index` | `NAME.index.json`, which describes the bundle for a server: name, version, release counter, hardware ids, size, SHA-256 and file |
    | `tree` | `NAME.tree`, a directory: the bundle as the tree of a TUF repository, with a file for each payload |
    | `sha256` | the bundle's file name with `.sha256` appended, for `sha256sum -c` |
    | `targets_metadata`, `root_metadata` | the signed metadata in the bundle |

    Args:
      name: A string: the bundle's name.
      targets: A dict from string to label: target names and the files that become their payloads. A key that does not
        end in `/` is a target name, and its label must give exactly one file. A key that ends in `/` is a prefix, and
        its label may give several files or a directory. The target name of a file is the prefix and the file's path
        below its own package; a path that already begins with the prefix is the target name itself. The target name
        of a file in a directory is the prefix and the file's path below that directory. For example,
        `"assets/": ":assets"`, where `assets` is `glob(["assets/**"])`, makes the target `assets/logo.raw` of the
        file `assets/logo.raw`. The empty key is a prefix, too, and puts files at the top level. Do not name a folder of
        the source tree; list its files with `glob()`, as here.
      strip_prefix: A dict from string to string: prefixes in `targets`, and for each a folder below the package of its
        files. The target name of a file is the prefix and the file's path below this folder. For example,
        `{"assets/": "gen/images"}` makes the target `assets/logo.raw` of the file `gen/images/logo.raw`. By default,
        the path below the package counts.
      version: An integer from 1 to 4294967295, the same in decimal text, or a `select()` of either: the version of the
        targets metadata. In a `select()`, write an integer above 2147483647 as text, because Bazel does not accept
        such a number there. A device rejects a version lower than the one installed. Set exactly one of `version`,
        `version_file` and `version_flag`.
      version_file: A label of a file that contains the version, read when the bundle is built.
      version_flag: A label of a build setting that holds the version, such as an `int_flag` or a `string_flag` of
        bazel_skylib.
      root: A label of a `software_update_root` or of a file: the root metadata of releases. The signing request lists
        the keys of this root. By default, it lists those of `dev_root`, and the release mode fails.
      dev_root: A label of a `software_update_root` or of a file: the root metadata of bundles that dev keys sign. By
        default, a root that lists throw-away keys, which everyone has.
      root_chain: A list of labels of a `software_update_root` or of files: the roots between the product's first one and
        the root in the bundle, oldest first. A device that missed some of them finds them in the bundle. If `root` is
        set, `root_chain` leads to it, and dev mode does not use it. It is mandatory if a `previous` on the way is a
        file of version 2 or higher, because the build then does not know the roots before that file. By default, the
        roots that `previous` of the root in the bundle leads to, without the first one.
      dev_signing_keys: A list of labels: private keys in the tree, as PEM files, that sign the targets metadata in dev
        mode. Anyone who has the tree can sign with them, so the root of a release must not list one, whatever the
        name of its file. Commands show bundles that these keys sign as `DEV KEYS: anyone can sign this` if `dev_root`
        states it; a `software_update_root` with `dev_signing_keys` does. By default, the throw-away key that the
        default `dev_root` lists.
      signatures: A list of labels: signatures of `NAME.signing_request`, made outside the build by
        `software-update sign`, such as `glob(["signatures/*.json"], allow_empty = True)`. The release mode fails,
        also with `--norun_validations`, if fewer keys have signed than `root` requires. The build leaves out
        signatures of other requests and names them in a warning. The other modes do not read signatures. By default,
        none.
      signatures_folder: A string without `select()`: the folder into which `NAME.sign` and `software-update signatures
        collect` write signatures, as a path below the package. If one package releases several bundles, give each its own folder; otherwise, the build
        warns about the signatures of the other bundles. By default, `signatures`.
      trusted_root: A label of a `software_update_root` or of a file: the root on a device, with which the verification
        starts. If `root` is set, this is the root on devices that accept releases, and dev mode does not use it.
        Building a release fails if it lists a dev key. By default, the `previous` of the root in the bundle or,
        without one, the root in the bundle. With `unchanged_from`, by default, the root in that bundle or, if it is a
        file, the root in the new bundle.
      user_manifest: A label of a `software_update_release_manifest` or of a file: the payload of the reserved target
        `user_manifest`, which a device hands to the product before it installs the release. The build warns if it is
        not a release manifest, because devices then check neither a release counter nor the hardware. By default,
        none.
      unchanged_from: A label: an earlier release whose targets the new metadata lists again, except those in `targets`,
        which replace or add some, and those in `removes`. The bundle contains only the payloads of `targets` and
        `user_manifest`, so devices must have the earlier release. It is a `software_update_bundle` of the same build,
        an installed manifest, or the file of a bundle that the targets keys of `root` have signed (without `root`,
        those of `dev_root`). `version` must be higher than its version. If it lists a `user_manifest`, which describes
        only that release, write a new one. By default, the metadata lists only `targets`.
      removes: A list of strings: target names that `unchanged_from` lists and the new metadata does not. The build fails
        if `unchanged_from` lacks one. By default, none.
      expires: A string: when the targets metadata expires, such as `2031-01-01T00:00:00Z`. Set at most one
        of `expires`, `expires_file` and `expires_flag`. By default, never.
      expires_file: A label of a file that contains this date, read when the bundle is built.
      expires_flag: A label of a build setting that holds this date, such as a `string_flag` of bazel_skylib.
      at: A string: the time on the device in the verification, such as `2031-01-01T00:00:00Z`. By default, the
        verification does not check expiry dates, because a build does not read a clock.
      out: A string: the bundle's file name. By default, `NAME.bundle`.
      compression: A string: `zstd` to compress all payloads except `user_manifest`, or `none`. The build warns that
        Pigweed's client would install the compressed bytes. By default, `none`.
      compression_of: A dict from keys of `targets` to `zstd` or `none`: the compression of these targets, instead of
        `compression`.
      compression_level: An integer from 1, fast, to 19, small: the level of zstd. By default, 10.
      strict_pigweed: A bool: whether the build fails on a compressed target, and on a target or a chain of roots that
        Pigweed's client would not install. By default, it warns.
      device_limits: A label of a file, `software_update.device_limits.v1`: the limits of a device with the device
        library. The build fails, also with `--norun_validations`, if a device with these limits that trusts
        `trusted_root` could not take the bundle. By default, the build checks no limits.
      **kwargs: Attributes that Bazel gives every rule, such as `tags` and `visibility`. Write `tags` without
        `select()`.
    """
    common = common_attributes("software_update_bundle", name, kwargs)
    targets_metadata(
        name = name + METADATA_SUFFIX,
        compression = compression,
        compression_level = compression_level,
        compression_of = compression_of,
        expires = expires,
        expires_file = expires_file,
        expires_flag = expires_flag,
        removes = removes,
        root = root,
        root_or_dev_root = or_default(root, dev_root),
        strict_pigweed = strict_pigweed,
        strip_prefix = strip_prefix,
        targets = targets,
        unchanged_from = unchanged_from,
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
        signatures_folder = signatures_folder or "signatures",
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
        root_chain = root_chain,
        has_root_chain = root_chain != None,
        signatures = signatures,
        signing_request = ":" + name + ".signing_request",
        strict_pigweed = strict_pigweed,
        device_limits = device_limits,
        trusted_root = trusted_root,
        unchanged_from = unchanged_from,
        at = at,
        **common.public
    )
    inspect(
        name = name + ".inspect",
        bundle = ":" + name,
        **common.public
    )
    provenance(
        name = name + ".provenance",
        bundle = ":" + name,
        **common.public
    )
