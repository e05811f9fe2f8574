"""The rule `software_update_fleet_test`."""

load("//rules/private/attributes:common.bzl", "common_attributes", "refuse_select")
load("//rules/private/attributes:installed.bzl", "installed_manifest_of")
load("//rules/private/checks:date.bzl", "check_date")
load("//rules/private/checks:errors.bzl", "display", "refuse")
load("//rules/private/runnables:command.bzl", _software_update_fleet_test = "software_update_fleet_test")
load("//rules/private/runnables:update.bzl", "update_command")
load("//rules/providers:software_update_bundle_info.bzl", "SoftwareUpdateBundleInfo")

_ARGUMENTS_SUFFIX = "._arguments"

def _short_path(file):
    return file.short_path

def _known_roots(label, bundle, file):
    """Returns the roots that devices in the field may trust, oldest first."""
    if SoftwareUpdateBundleInfo not in bundle:
        refuse(label, "trusted_roots", [], "write the roots that devices trust: %s is a file, and names none" % file.short_path)
    info = bundle[SoftwareUpdateBundleInfo]
    return info.earlier_roots + [info.root]

def _arguments_impl(ctx):
    label = ctx.label.same_package_label(ctx.label.name.removesuffix(_ARGUMENTS_SUFFIX))
    check_date(label, "at", ctx.attr.at)
    bundle = ctx.file.bundle
    trusted_roots = ctx.files.trusted_roots or _known_roots(label, ctx.attr.bundle, bundle)
    installed = []
    for target in ctx.attr.installed:
        for file in target[DefaultInfo].files.to_list():
            installed.append(installed_manifest_of(label, target, file))
    if not installed:
        refuse(label, "installed", [], "write the installed manifest of at least one release")

    # Paths relative to the folder of the runfiles, in which the test runs.
    args = ctx.actions.args()
    args.set_param_file_format("multiline")
    args.add_all([bundle], map_each = _short_path)
    args.add_all(trusted_roots, map_each = _short_path, format_each = "--trusted-root=%s")
    args.add_all(installed, map_each = _short_path, format_each = "--installed=%s")
    args.add_all(ctx.attr.hardware_ids, format_each = "--hardware-id=%s")
    args.add(ctx.attr.at or "none", format = "--at=%s")
    arguments = ctx.actions.declare_file(ctx.label.name + ".txt")
    ctx.actions.write(arguments, args)
    return [DefaultInfo(
        files = depset([arguments]),
        runfiles = ctx.runfiles(files = [bundle] + trusted_roots + installed),
    )]

_arguments = rule(
    implementation = _arguments_impl,
    doc = "Writes the arguments of `bundle fleet` into a file, because only providers know some of the files.",
    attrs = {
        "at": attr.string(doc = "The time on the devices; empty if the test does not check expiry dates."),
        "bundle": attr.label(
            doc = "The bundle.",
            allow_single_file = True,
            mandatory = True,
        ),
        "hardware_ids": attr.string_list(doc = "The hardware ids of the devices; empty if the test does not check them."),
        "installed": attr.label_list(
            doc = "The releases on devices: installed manifests or bundles.",
            allow_files = True,
            mandatory = True,
        ),
        "trusted_roots": attr.label_list(
            doc = "The roots that devices trust.",
            allow_files = True,
        ),
    },
)

def software_update_fleet_test(
        *,
        name,
        bundle,
        installed,
        table,
        hardware_ids = [],
        trusted_roots = [],
        at = None,
        args = None,
        env = None,
        env_inherit = None,
        flaky = None,
        local = None,
        shard_count = None,
        size = "small",
        timeout = None,
        **kwargs):
    """Tests what devices in the field do with a bundle, and keeps the answers in a table that people review.

    Keep the installed manifest of each release that devices run (`NAME.installed.pb`, the output group `installed` of a
    `software_update_bundle`) in the source tree. The table has a row for each of them and each hardware id, with the
    device's verdict: for example `ACCEPT`, `TARGETS_ROLLBACK`, `WRONG_HARDWARE`, or `RELEASE_GAP` with the releases
    to install first. The test fails if a verdict differs from the table, and prints the rows that differ. If the
    change is intended, renew the table with `bazel run //product:NAME.update`, and have the change reviewed.

    A device accepts only a bundle under its own roots. If devices run releases that were signed outside the build,
    only the signing mode `release` gives meaningful verdicts.

    Args:
      name: A string: the test's name.
      bundle: A label of a `software_update_bundle` or of a file: the bundle.
      installed: A list of labels: the releases on devices. Each is an installed manifest, a `software_update_bundle` or
        the file of a bundle.
      table: A string: the file of the table, in the same package. It must exist; create an empty one first.
      hardware_ids: A list of strings: the hardware ids of the devices. By default, the test does not check the
        hardware.
      trusted_roots: A list of labels of a `software_update_root` or of a file: the roots that devices trust. A device
        trusts the root that its installed manifest names, or the first of the list if it names none. By default, the
        root in the bundle and all roots that its `previous` leads to. Mandatory if `bundle` is a file.
      at: A string: the time on the devices, such as `2031-01-01T00:00:00Z`. By default, the test does not check expiry
        dates.
      args: A list of strings: more options of `software-update bundle fleet`. By default, none.
      env: A dict from string to string: environment variables of the test. By default, none.
      env_inherit: A list of strings: the environment variables that the test takes from the shell. By default, none.
      flaky: A bool: whether Bazel runs a failed test again. By default, no.
      local: A bool: whether the test runs outside any sandbox. By default, no.
      shard_count: An integer: the number of shards. The test needs only one.
      size: A string: the test's size.
      timeout: A string: the test's timeout. By default, that of `size`.
      **kwargs: Attributes that Bazel gives every rule, such as `tags` and `visibility`. Write `tags` without
        `select()`.
    """
    common = common_attributes("software_update_fleet_test", name, kwargs)
    refuse_select(name, "table", table, "`%s.update` writes this file into the source tree; write a string" % name)
    _arguments(
        name = name + _ARGUMENTS_SUFFIX,
        at = at,
        bundle = bundle,
        hardware_ids = hardware_ids,
        installed = installed,
        trusted_roots = trusted_roots,
        **(common.private | {"testonly": True})
    )
    arguments = ":" + name + _ARGUMENTS_SUFFIX
    label = native.package_relative_label(":" + name)
    fleet = ["bundle", "fleet", "@$(rootpath %s)" % arguments]
    _software_update_fleet_test(
        name = name,
        args = fleet + [
            "--expect=$(rootpath %s)" % table,
            "'--renew-with=bazel run %s.update'" % display(label),
        ] + (args or []),
        data = [arguments, table],
        env = env,
        env_inherit = env_inherit,
        flaky = flaky,
        local = local,
        shard_count = shard_count,
        size = size or "small",
        timeout = timeout,
        **common.public
    )
    update_command(name, "table", table, fleet, [arguments], common)
