"""The rule `software_update_expiry_test`."""

load("//rules/private/attributes:common.bzl", "common_attributes", "refuse_select")
load("//rules/private/attributes:integer.bzl", "integer_arguments", "integer_attribute", "integer_of")
load("//rules/private/checks:date.bzl", "check_date")
load("//rules/private/checks:errors.bzl", "refuse")
load("//rules/private/checks:integer.bzl", "is_integer", "refuse_integer")
load("//rules/private/runnables:command.bzl", _software_update_expiry_test = "software_update_expiry_test")

_ARGUMENTS_SUFFIX = "._arguments"

# Bazel runs a test with this tag again each time, because its result depends on the clock.
_NEVER_CACHED = ["external"]

def _short_path(file):
    return file.short_path

def _arguments_impl(ctx):
    label = ctx.label.same_package_label(ctx.label.name.removesuffix(_ARGUMENTS_SUFFIX))
    check_date(label, "at", ctx.attr.at)
    within_days = integer_of(ctx.attr, "within_days")
    if not is_integer(within_days):
        refuse_integer(label, "within_days", within_days, "write an integer from 1")
    files = ctx.files.bundles + ctx.files.roots
    if not files:
        refuse(label, "bundles and roots", [], "write at least one bundle or root")

    # Paths relative to the folder of the runfiles, in which the test runs.
    args = ctx.actions.args()
    args.set_param_file_format("multiline")
    args.add(within_days, format = "--within=%s")
    args.add(ctx.attr.at or "now", format = "--at=%s")
    args.add_all(files, map_each = _short_path)
    arguments = ctx.actions.declare_file(ctx.label.name + ".txt")
    ctx.actions.write(arguments, args)
    return [DefaultInfo(
        files = depset([arguments]),
        runfiles = ctx.runfiles(files = files),
    )]

_arguments = rule(
    implementation = _arguments_impl,
    doc = "Writes the arguments of `expiry` into a file, after it has checked them.",
    attrs = integer_attribute("within_days", doc = "The number of days.") | {
        "at": attr.string(doc = "The time from which to count; empty for the time of the machine."),
        "bundles": attr.label_list(
            doc = "Bundles and installed manifests.",
            allow_files = True,
        ),
        "roots": attr.label_list(
            doc = "Signed roots.",
            allow_files = True,
        ),
    },
)

def software_update_expiry_test(
        *,
        name,
        bundles = [],
        roots = [],
        within_days = 30,
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
    """Tests that no metadata in bundles and roots expires soon.

    The test fails if metadata in one of the files has expired or expires within `within_days`, and prints how to renew
    it. Run it every night on the releases that devices have, because it fails as time passes and not because the code
    changes: keep it out of the tests of pull requests, with `tags = ["manual"]`.

    Args:
      name: A string: the test's name.
      bundles: A list of labels of a `software_update_bundle` or of a file: bundles and installed manifests. Of the
        roots in a bundle, the test reads only the last one, because devices check only its expiry. By default, none.
      roots: A list of labels of a `software_update_root` or of a file: root metadata, signed. By default, none.
      within_days: An integer from 1: the test fails if metadata expires in at most so many days. By default, 30.
      at: A string without `select()`: the time from which to count, such as `2031-01-01T00:00:00Z`. By default, the
        time of the machine that runs the test; then Bazel does not cache the test's result.
      args: A list of strings: more options of `software-update expiry`. By default, none.
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
    refuse_select(name, "at", at, "Bazel decides whether to cache the test before it knows the configuration; write a string")
    common = common_attributes(
        "software_update_expiry_test",
        name,
        kwargs,
        tags = [] if at else _NEVER_CACHED,
    )
    _arguments(
        name = name + _ARGUMENTS_SUFFIX,
        at = at,
        bundles = bundles,
        roots = roots,
        **(integer_arguments(within_days = 30 if within_days == None else within_days) | common.private | {"testonly": True})
    )
    arguments = ":" + name + _ARGUMENTS_SUFFIX
    _software_update_expiry_test(
        name = name,
        args = ["expiry", "@$(rootpath %s)" % arguments] + (args or []),
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
