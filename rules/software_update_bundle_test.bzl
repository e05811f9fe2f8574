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

    # Paths below the runfiles, which is where a test runs.
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
    doc = "The arguments of `bundle verify`, in a file, because they name files that only providers know.",
    attrs = {
        "at": attr.string(doc = "The time on the device."),
        "bundle": attr.label(
            doc = "The bundle.",
            allow_single_file = True,
            mandatory = True,
        ),
        "expect": attr.string(
            doc = "The verdict.",
            default = "ACCEPT",
        ),
        "hardware_id": attr.string(doc = "What the device is."),
        "installed": attr.label(
            doc = "What the device runs.",
            allow_single_file = True,
        ),
        "trusted_root": attr.label(
            doc = "What the device trusts.",
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
    """Tests what a device makes of a bundle.

    It fails where the verdict is another one than expected, and says which and why. So a team writes down
    what must stay so: that devices in the field take the new release, that old ones have to go by a
    stepping stone, that nobody goes back.

    Args:
      name: The test's name.
      bundle: The bundle: a `software_update_bundle`, or a file.
      trusted_root: The root metadata that the device trusts: a `software_update_root` or a file. It must not
        be older than the root under which `installed` was accepted. The default is the root in `installed` if
        that is a bundle, and otherwise the root that the bundle's own verification starts from; a file has none.
      installed: What the device runs: a `software_update_bundle` that it has installed, a manifest that
        `software-update bundle verify --write-installed` wrote, or the file of a bundle. By default it is not known, and nothing is compared with it.
      at: The time on the device, such as `2031-01-01T00:00:00Z`. By default no expiry is checked.
      hardware_id: What the device is. By default no hardware is checked.
      expect: The verdict: `ACCEPT`, or the name of what is wrong, such as `TARGETS_ROLLBACK`.
      args: More options of `software-update bundle verify`.
      env: Environment variables of the test, a dict.
      env_inherit: Names of the environment variables that the test takes from the shell.
      flaky: Whether Bazel runs a failed test again.
      local: Whether the test runs outside any sandbox.
      shard_count: The number of shards; this test has only one.
      size: The test's size.
      timeout: The test's timeout.
      **kwargs: The attributes that Bazel gives every rule, such as `tags` and `visibility`. Write `tags`
        without `select()`.
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
