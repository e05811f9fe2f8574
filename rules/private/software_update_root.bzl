"""The rule behind the macro `software_update_root`.

Its global variable has the name of the macro, because `bazel query --output=label_kind` shows it.
"""

load("//rules/private/actions:attach.bzl", "attach")
load("//rules/private/actions:check_root.bzl", "check_root")
load("//rules/private/actions:create_root.bzl", "create_root")
load("//rules/private/actions:holders.bzl", "write_holders")
load("//rules/private/actions:request_root.bzl", "request_root")
load("//rules/private/actions:sign_root.bzl", "sign_root")
load("//rules/private/actions:signing_request.bzl", "declare_signing_request")
load("//rules/private/actions:tool.bzl", "TOOL")
load("//rules/private/attributes:integer.bzl", "integer_attribute", "integer_of")
load("//rules/private/attributes:roots.bzl", "holders_of", "unsigned_root_of")
load("//rules/private/attributes:signing.bzl", "SIGNING", "dev_signing_keys", "signing_mode")
load("//rules/private/attributes:value.bzl", "DATE", "value_attributes", "value_of")
load("//rules/private/checks:allowed_targets.bzl", "allowed_targets_error")
load("//rules/private/checks:errors.bzl", "display", "refuse")
load("//rules/private/checks:holder.bzl", "holder_error")
load("//rules/private/checks:integer.bzl", "A_VERSION", "is_integer", "refuse_integer")
load("//rules/providers:software_update_root_info.bzl", "SoftwareUpdateRootInfo")
load(":signing_requests_info.bzl", "SigningRequestsInfo", "signing_request_of", "signing_requests_of")

visibility("//rules/...")

def _check_attributes(ctx):
    version = integer_of(ctx.attr, "version")
    if not is_integer(version):
        refuse_integer(ctx.label, "version", version, A_VERSION)
    _check_threshold(ctx, "root_threshold", "root_keys", ctx.files.root_keys)
    _check_threshold(ctx, "targets_threshold", "targets_keys", ctx.files.targets_keys)
    for key in ctx.files.targets_keys:
        if key in ctx.files.root_keys:
            refuse(ctx.label, "targets_keys", key.short_path, "this key is also in root_keys; give each role its own keys")
    if ctx.attr.limits_targets and not ctx.attr.allowed_targets:
        refuse(ctx.label, "allowed_targets", [], "an empty list would allow all targets; write at least one entry, or remove the attribute")
    problem = allowed_targets_error(ctx.attr.allowed_targets)
    if problem:
        refuse(ctx.label, "allowed_targets", ctx.attr.allowed_targets, problem)
    for target, name in ctx.attr.holders.items():
        _check_holder(ctx, target, name)
    if ctx.files.signatures and ctx.files.dev_signing_keys:
        refuse(ctx.label, "signatures", _names(ctx.files.signatures), "dev_signing_keys also sign this root; remove one of the two attributes")

def _check_holder(ctx, target, name):
    files = target.files.to_list()
    if len(files) != 1 or files[0] not in ctx.files.root_keys + ctx.files.targets_keys:
        refuse(ctx.label, "holders", display(target.label), "write a file of root_keys or targets_keys")
    problem = holder_error(name)
    if problem:
        refuse(ctx.label, "holders", name, problem)

def _names(files):
    return [file.short_path for file in files]

def _threshold(ctx, attribute):
    return integer_of(ctx.attr, attribute) or "1"

def _check_threshold(ctx, attribute, keys_attribute, keys):
    if not keys:
        refuse(ctx.label, keys_attribute, keys, "write at least one public key")
    threshold = _threshold(ctx, attribute)
    if not is_integer(threshold, len(keys)):
        refuse_integer(ctx.label, attribute, threshold, "write an integer from 1 to %d, the number of keys in %s" % (len(keys), keys_attribute))

def _create(ctx, root):
    create_root(
        ctx,
        version = integer_of(ctx.attr, "version"),
        root_keys = ctx.files.root_keys,
        targets_keys = ctx.files.targets_keys,
        root_threshold = _threshold(ctx, "root_threshold"),
        targets_threshold = _threshold(ctx, "targets_threshold"),
        expires = value_of(ctx, ctx.label, "expires", DATE, mandatory = False),
        allowed_targets = ctx.attr.allowed_targets,
        # In every mode, because the bytes to sign are the same in each.
        dev_keys = bool(ctx.files.dev_signing_keys),
        root = root,
    )

def _write_holders(ctx):
    holders = ctx.actions.declare_file(ctx.label.name + ".holders.json")
    write_holders(
        ctx,
        keys = ctx.files.root_keys + ctx.files.targets_keys,
        names = {target.files.to_list()[0]: name for target, name in ctx.attr.holders.items()},
        earlier = holders_of(ctx.attr.previous),
        holders = holders,
    )
    return holders

def _check(ctx, root, previous, holders):
    report = ctx.actions.declare_file(ctx.label.name + ".check.json")
    check_root(ctx, root = root, previous = previous, strict_pigweed = ctx.attr.strict_pigweed, holders = holders, report = report)
    return report

def _earlier_roots(previous):
    if not previous:
        return []
    earlier = previous[SoftwareUpdateRootInfo].earlier_roots if SoftwareUpdateRootInfo in previous else []
    return earlier + previous[DefaultInfo].files.to_list()

def _assumed_first_root(previous, file):
    if previous and SoftwareUpdateRootInfo in previous:
        return previous[SoftwareUpdateRootInfo].assumed_first_root
    return file

def _software_update_root_impl(ctx):
    _check_attributes(ctx)
    mode = signing_mode(ctx)
    previous = unsigned_root_of(ctx.attr.previous, ctx.file.previous)
    root = ctx.outputs.out
    sign = mode == "dev" and ctx.files.dev_signing_keys
    attach_signatures = mode == "release" and ctx.files.signatures

    # The same file in every mode, because the signing request contains its bytes.
    unsigned = root
    if ctx.files.dev_signing_keys or ctx.files.signatures:
        unsigned = ctx.actions.declare_file(ctx.label.name + ".root.unsigned.pb")
    _create(ctx, unsigned)
    holders = _write_holders(ctx)
    request = declare_signing_request(ctx, ctx.label)
    request_root(
        ctx,
        root = unsigned,
        previous = previous,
        strict_pigweed = ctx.attr.strict_pigweed,
        holders = holders,
        signing_request = request,
    )

    # Only dev mode signs.
    if sign:
        sign_root(ctx, root = unsigned, dev_keys = ctx.files.dev_signing_keys, signed = root)
    elif attach_signatures:
        attach(
            ctx,
            role = "root",
            metadata = request.bytes,
            previous = previous,
            holders = holders,
            dev_keys = dev_signing_keys([ctx.attr.previous]),
            signed = root,
            progress_message = "Attaching the signatures of the root metadata %s" % display(ctx.label),
        )
    elif root != unsigned:
        # Not a symlink to the other file, because people copy outputs to other machines.
        _create(ctx, root)
    return [
        DefaultInfo(
            files = depset([root]),
            runfiles = ctx.runfiles(files = [root]),
        ),
        OutputGroupInfo(
            check = depset([_check(ctx, root, previous, holders)] if previous else []),
            signing_request = depset([request.bytes, request.summary]),
            # The action of the request also checks whether the root may follow the previous one. Targets that depend
            # on this root run it as well. It does not wait for signatures, because signers need the request first.
            _validation = depset([request.summary] if previous else []),
        ),
        SigningRequestsInfo(requests = depset(
            # Dev keys sign a root without a request.
            [] if ctx.files.dev_signing_keys else [signing_request_of(ctx.label, request, [unsigned, previous], ctx.attr.signatures_folder)],
            transitive = signing_requests_of([ctx.attr.previous]),
        )),
        SoftwareUpdateRootInfo(
            allowed_targets = ctx.attr.allowed_targets,
            assumed_first_root = _assumed_first_root(ctx.attr.previous, ctx.file.previous),
            dev_key_signed = bool(ctx.files.dev_signing_keys),
            dev_signing_keys = dev_signing_keys([ctx.attr.previous], ctx.files.dev_signing_keys),
            earlier_roots = _earlier_roots(ctx.attr.previous),
            holders = holders,
            root = root,
            root_keys = ctx.files.root_keys,
            root_threshold = int(_threshold(ctx, "root_threshold"), 10),
            targets_keys = ctx.files.targets_keys,
            targets_threshold = int(_threshold(ctx, "targets_threshold"), 10),
            unsigned_root = unsigned,
            version = int(integer_of(ctx.attr, "version"), 10),
        ),
    ]

_VALUES = (
    value_attributes("expires", DATE, doc = "When the metadata expires, in RFC 3339; empty if never.") |
    integer_attribute("root_threshold", doc = "The number of root keys that must sign; by default 1.") |
    integer_attribute("targets_threshold", doc = "The number of targets keys that must sign; by default 1.") |
    integer_attribute("version", doc = "The version.")
)

software_update_root = rule(
    implementation = _software_update_root_impl,
    doc = "Makes root metadata, and signs it with dev keys or attaches signatures.",
    attrs = TOOL | SIGNING | _VALUES | {
        "allowed_targets": attr.string_list(doc = "The targets that releases may list; empty allows all."),
        "dev_signing_keys": attr.label_list(
            doc = "Private keys in the tree that sign the root metadata.",
            allow_files = True,
        ),
        "holders": attr.label_keyed_string_dict(
            doc = "The names of the holders of keys.",
            allow_files = True,
        ),
        "limits_targets": attr.bool(doc = "Whether `allowed_targets` must not be empty."),
        "out": attr.output(
            doc = "The root metadata.",
            mandatory = True,
        ),
        "previous": attr.label(
            doc = "The root before this one.",
            allow_single_file = True,
        ),
        "root_keys": attr.label_list(
            doc = "Public keys of the role `root`.",
            allow_files = True,
        ),
        "signatures_folder": attr.string(
            doc = "The folder for signatures, a path below the package.",
            mandatory = True,
        ),
        "strict_pigweed": attr.bool(doc = "Whether to reject a move from `previous` that Pigweed's client would not make at once."),
        "targets_keys": attr.label_list(
            doc = "Public keys of the role `targets`.",
            allow_files = True,
        ),
    },
    provides = [SoftwareUpdateRootInfo],
)
