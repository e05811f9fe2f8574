"""The rule `software_update_bundle_test`."""

load("//rules/private/attributes:common.bzl", "common_attributes")
load("//rules/private/attributes:installed.bzl", "installed_manifest_of", "root_of")
load("//rules/private/checks:date.bzl", "check_date")
load("//rules/private/checks:errors.bzl", "refuse")
load("//rules/private/runnables:command.bzl", _software_update_bundle_test = "software_update_bundle_test")
load("//rules/providers:software_update_bundle_info.bzl", "SoftwareUpdateBundleInfo")

_ARGUMENTS_SUFFIX = "._arguments"

def _short_path(file):
    return file.short_path

def _arguments_impl(ctx):
    label = ctx.label.same_package_label(ctx.label.name.removesuffix(_ARGUMENTS_SUFFIX))
    check_date(label, "at", ctx.attr.at)
    bundle = ctx.file.bundle
    trusted_root = ctx.file.trusted_root or root_of(ctx.attr.installed)
    if not trusted_root:
        if SoftwareUpdateBundleInfo not in ctx.attr.bundle:
            refuse(label, "trusted_root", None, "write the root that the device trusts: %s is a file, and names none" % bundle.short_path)
        trusted_root = ctx.attr.bundle[SoftwareUpdateBundleInfo].trusted_root
    installed = installed_manifest_of(label, ctx.attr.installed, ctx.file.installed)

    # Paths relative to the folder of the runfiles, in which the test runs.
    args = ctx.actions.args()
    args.set_param_file_format("multiline")
    args.add_all([bundle], map_each = _short_path)
    args.add_all([trusted_root], map_each = _short_path, format_each = "--trusted-root=%s")
    args.add_all([installed] if installed else [], map_each = _short_path, format_each = "--installed=%s")
    args.add(ctx.attr.at or "none", format = "--at=%s")
    if ctx.attr.hardware_id:
        args.add(ctx.attr.hardware_id, format = "--hardware-id=%s")
    args.add(ctx.attr.expect, format = "--expect=%s")
    arguments = ctx.actions.declare_file(ctx.label.name + ".txt")
    ctx.actions.write(arguments, args)
    return [DefaultInfo(
        files = depset([arguments]),
        runfiles = ctx.runfiles(files = [bundle, trusted_root] + ([installed] if installed else [])),
    )]

_arguments = rule(
    implementation = _arguments_impl,
    doc = "Writes the arguments of `bundle verify` into a file, because only providers know some of the files.",
    attrs = {
        "at": attr.string(doc = "The time on the device; empty if the test does not check expiry dates."),
        "bundle": attr.label(
            doc = "The bundle.",
            allow_single_file = True,
            mandatory = True,
        ),
        "expect": attr.string(
            doc = "The expected verdict.",
            default = "ACCEPT",
        ),
        "hardware_id": attr.string(doc = "The hardware id of the device; empty if the test does not check it."),
        "installed": attr.label(
            doc = "The release on the device: a bundle or an installed manifest.",
            allow_single_file = True,
        ),
        "trusted_root": attr.label(
            doc = "The root that the device trusts.",
            allow_single_file = True,
        ),
    },
)

def software_update_bundle_test(
        *,
        name,
        bundle,
        trusted_root = None,
        installed = None,
        at = None,
        hardware_id = None,
        expect = "ACCEPT",
        args = None,
        env = None,
        env_inherit = None,
        flaky = None,
        local = None,
        shard_count = None,
        size = "small",
        timeout = None,
        **kwargs):
    """Tests the verdict of a device on a bundle.

    The test fails if the verdict differs from the expected one, and prints the verdict and its reason. Use it to
    protect properties of releases: devices in the field accept the new release, older devices must first install a
    release in between, and no device goes back to an older release.

    Args:
      name: A string: the test's name.
      bundle: A label of a `software_update_bundle` or of a file: the bundle.
      trusted_root: A label of a `software_update_root` or of a file: the root metadata that the device trusts. It must
        not be older than the root under which the device accepted `installed`. By default, the root in `installed` if
        that is a bundle, and otherwise the root with which the bundle's own verification starts. Mandatory if
        `bundle` is a file and `installed` is not a `software_update_bundle`.
      installed: A label: the release on the device. It is a `software_update_bundle`, a manifest that
        `software-update bundle verify --write-installed` wrote, or the file of a bundle. By default, the device does
        not know its release, and the verification does not check for rollback.
      at: A string: the time on the device, such as `2031-01-01T00:00:00Z`. By default, the verification does not check
        expiry dates.
      hardware_id: A string: the hardware id of the device. By default, the verification does not check the hardware.
      expect: A string: the expected verdict, `ACCEPT` or the name of another verdict, such as `TARGETS_ROLLBACK`.
      args: A list of strings: more options of `software-update bundle verify`. By default, none.
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
    common = common_attributes("software_update_bundle_test", name, kwargs)
    _arguments(
        name = name + _ARGUMENTS_SUFFIX,
        at = at,
        bundle = bundle,
        expect = expect or "ACCEPT",
        hardware_id = hardware_id,
        installed = installed,
        trusted_root = trusted_root,
        **(common.private | {"testonly": True})
    )
    arguments = ":" + name + _ARGUMENTS_SUFFIX
    _software_update_bundle_test(
        name = name,
        args = ["bundle", "verify", "@$(rootpath %s)" % arguments] + (args or []),
        data = [arguments],
        env = env,
        env_inherit = env_inherit,
        flaky = flaky,
        local = local,
        shard_count = shard_count,
        size = size or "small",
        timeout = timeout,
        **common.public
    )
