"""The rule `software_update_root`."""

load("//rules/private:common_attributes.bzl", "common_attributes")
load("//rules/private:date.bzl", "check_date")
load("//rules/private:errors.bzl", "display", "refuse")
load("//rules/private:integer.bzl", "A_VERSION", "integer_arguments", "integer_attribute", "integer_of", "is_integer", "refuse_integer")
load("//rules/private:sign.bzl", "sign")
load("//rules/private:signing.bzl", "SIGNING", "attach", "dev_signing_keys", "signing_mode")
load("//rules/private:signing_request.bzl", "declare_signing_request", "root_signing_request", "summarize", "unsigned_root_of")
load("//rules/private:tool.bzl", "TOOL", "run_tool", "tool_args")
load("//rules/providers:software_update_root_info.bzl", "SoftwareUpdateRootInfo")

def _check_attributes(ctx):
    version = integer_of(ctx.attr, "version")
    if not is_integer(version):
        refuse_integer(ctx.label, "version", version, A_VERSION)
    check_date(ctx.label, "expires", ctx.attr.expires)
    _check_threshold(ctx, "root_threshold", "root_keys", ctx.files.root_keys)
    _check_threshold(ctx, "targets_threshold", "targets_keys", ctx.files.targets_keys)
    for key in ctx.files.targets_keys:
        if key in ctx.files.root_keys:
            refuse(ctx.label, "targets_keys", key.short_path, "the same key is in root_keys; give each role keys of its own")
    if ctx.files.signatures and ctx.files.dev_signing_keys:
        refuse(ctx.label, "signatures", _names(ctx.files.signatures), "dev_signing_keys sign this root; leave one of the two out")

def _names(files):
    return [file.short_path for file in files]

def _threshold(ctx, attribute):
    return integer_of(ctx.attr, attribute) or "1"

def _check_threshold(ctx, attribute, keys_attribute, keys):
    if not keys:
        refuse(ctx.label, keys_attribute, keys, "write at least one public key")
    threshold = _threshold(ctx, attribute)
    if not is_integer(threshold, len(keys)):
        refuse_integer(ctx.label, attribute, threshold, "write a number from 1 to %d, which is how many keys %s has" % (len(keys), keys_attribute))

def _create(ctx, root):
    args = tool_args(ctx, ["root", "create"])
    args.add(integer_of(ctx.attr, "version"), format = "--version=%s")
    args.add_all(ctx.files.root_keys, format_each = "--root-key=%s")
    args.add_all(ctx.files.targets_keys, format_each = "--targets-key=%s")
    args.add(_threshold(ctx, "root_threshold"), format = "--root-threshold=%s")
    args.add(_threshold(ctx, "targets_threshold"), format = "--targets-threshold=%s")
    if ctx.attr.expires:
        args.add(ctx.attr.expires, format = "--expires=%s")

    # In every mode, as what is to be signed is the same in each.
    if ctx.files.dev_signing_keys:
        args.add("--dev-keys")
    args.add("-o", root)
    run_tool(
        ctx,
        args = args,
        inputs = ctx.files.root_keys + ctx.files.targets_keys,
        outputs = [root],
        mnemonic = "SoftwareUpdateRoot",
        progress_message = "Making the root metadata %s" % display(ctx.label),
    )

def _sign(ctx, unsigned, root):
    args = tool_args(ctx, ["root", "sign"])
    args.add(unsigned)
    args.add_all(ctx.files.dev_signing_keys, format_each = "--key=%s")
    args.add("-o", root)
    run_tool(
        ctx,
        args = args,
        inputs = [unsigned] + ctx.files.dev_signing_keys,
        outputs = [root],
        mnemonic = "SoftwareUpdateRootSign",
        progress_message = "Signing the root metadata %s with dev keys" % display(ctx.label),
    )

def _request(ctx, request, unsigned, previous):
    args = tool_args(ctx, ["step", "request"])
    args.add(unsigned, format = "--signed-root=%s")
    args.add("--role=root")
    inputs = [unsigned]
    if previous:
        args.add(previous, format = "--previous=%s")
        inputs.append(previous)
    args.add(request.bytes, format = "--bytes=%s")
    args.add("-o", request.summary)
    summarize(ctx, ctx.label, args = args, inputs = inputs, outputs = [request.summary, request.bytes])

def _check(ctx, root, previous):
    report = ctx.actions.declare_file(ctx.label.name + ".check.json")
    args = tool_args(ctx, ["root", "check"])
    args.add(root)
    args.add(previous, format = "--previous=%s")
    args.add(report, format = "--report=%s")
    run_tool(
        ctx,
        args = args,
        inputs = [root, previous],
        outputs = [report],
        mnemonic = "SoftwareUpdateRootCheck",
        progress_message = "Checking the root metadata %s against the root before it" % display(ctx.label),
    )
    return report

def _earlier_roots(previous):
    if not previous:
        return []
    earlier = previous[SoftwareUpdateRootInfo].earlier_roots if SoftwareUpdateRootInfo in previous else []
    return earlier + previous.files.to_list()

def _software_update_root_impl(ctx):
    _check_attributes(ctx)
    mode = signing_mode(ctx)
    previous = unsigned_root_of(ctx.attr.previous, ctx.file.previous)
    root = ctx.outputs.out
    sign = mode == "dev" and ctx.files.dev_signing_keys
    attach_signatures = mode == "release" and ctx.files.signatures

    # In every mode the same file, as the request is made of it.
    unsigned = root
    if ctx.files.dev_signing_keys or ctx.files.signatures:
        unsigned = ctx.actions.declare_file(ctx.label.name + ".root.unsigned.pb")
    _create(ctx, unsigned)
    request = declare_signing_request(ctx, ctx.label)
    _request(ctx, request, unsigned, previous)

    # Outside dev mode nothing is signed.
    if sign:
        _sign(ctx, unsigned, root)
    elif attach_signatures:
        attach(
            ctx,
            role = "root",
            metadata = request.bytes,
            previous = previous,
            dev_keys = dev_signing_keys([ctx.attr.previous]),
            signed = root,
            progress_message = "Attaching the signatures of the root metadata %s" % display(ctx.label),
        )
    elif root != unsigned:
        ctx.actions.symlink(output = root, target_file = unsigned)
    return [
        DefaultInfo(
            files = depset([root]),
            runfiles = ctx.runfiles(files = [root]),
        ),
        OutputGroupInfo(
            check = depset([_check(ctx, root, previous)] if previous else []),
            signing_request = depset([request.bytes, request.summary]),
            # Whoever depends on this root runs it too. So it must not wait for a signature, or nobody could
            # ask for one: whether a root may follow the one before it, its request tells as well.
            _validation = depset([request.summary] if previous else []),
        ),
        SoftwareUpdateRootInfo(
            dev_key_signed = bool(ctx.files.dev_signing_keys),
            dev_signing_keys = dev_signing_keys([ctx.attr.previous], ctx.files.dev_signing_keys),
            earlier_roots = _earlier_roots(ctx.attr.previous),
            root = root,
            root_keys = ctx.files.root_keys,
            root_threshold = int(_threshold(ctx, "root_threshold"), 10),
            targets_keys = ctx.files.targets_keys,
            targets_threshold = int(_threshold(ctx, "targets_threshold"), 10),
            unsigned_root = unsigned,
            version = int(integer_of(ctx.attr, "version"), 10),
        ),
    ]

_INTEGERS = (
    integer_attribute("root_threshold", doc = "How many root keys have to sign; by default 1.") |
    integer_attribute("targets_threshold", doc = "How many targets keys have to sign; by default 1.") |
    integer_attribute("version", doc = "The version.")
)

_software_update_root = rule(
    implementation = _software_update_root_impl,
    doc = "Makes root metadata, and signs it where dev keys or signatures are given.",
    attrs = TOOL | SIGNING | _INTEGERS | {
        "dev_signing_keys": attr.label_list(
            doc = "Private keys in the tree that sign the root metadata.",
            allow_files = True,
        ),
        "expires": attr.string(doc = "When the metadata expires; empty means never."),
        "out": attr.output(
            doc = "The root metadata.",
            mandatory = True,
        ),
        "previous": attr.label(
            doc = "The root before this one.",
            allow_single_file = True,
        ),
        "root_keys": attr.label_list(
            doc = "Public keys of the role root.",
            allow_files = True,
        ),
        "targets_keys": attr.label_list(
            doc = "Public keys of the role targets.",
            allow_files = True,
        ),
    },
    provides = [SoftwareUpdateRootInfo],
)

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
        `select()`. The default is `signatures/NAME`, beside those of a bundle, because no signature may be for another request.
      out: The file's name. The default is `NAME.root.pb`.
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
