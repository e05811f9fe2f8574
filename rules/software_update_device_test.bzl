"""The rule `software_update_device_test`."""

load("//rules/private/attributes:common.bzl", "common_attributes", "refuse_select")
load("//rules/private/checks:errors.bzl", "display")
load("//rules/private/runnables:command.bzl", _software_update_device_test = "software_update_device_test")
load("//rules/private/runnables:update.bzl", "update_command")

def _file_option(option, label):
    return "--%s=$(rootpath %s)" % (option, label)

def software_update_device_test(
        *,
        name,
        script,
        trusted_root,
        bundles = [],
        hardware_id = None,
        vendor = None,
        args = None,
        env = None,
        env_inherit = None,
        flaky = None,
        local = None,
        shard_count = None,
        size = "small",
        timeout = None,
        **kwargs):
    """Plays a script on a simulated device, and compares the results with those in the script.

    The device runs the client that real devices run, with two slots, U-Boot's environment, and storage that forgets
    what was not synced when the power fails. The script has one command per line, such as `offer release_2`, `check`,
    `answer yes` or `cut 12 answer yes`; the reference of `software-update device simulate` lists them. The
    results are below each command, indented. The test fails if they differ. If the change is intended, renew
    the results with `bazel run //product:NAME.update`, and have the change reviewed.

    Args:
      name: A string: the test's name.
      script: A string: the file of the script, in the same package. Write the commands, and let `NAME.update` add the
        results.
      trusted_root: A label of a `software_update_root` or of a file: the root in the device's image.
      bundles: A list of labels of a `software_update_bundle` or of a file: the bundles that the script names, by the
        names of their files without `.bundle`. By default, none.
      hardware_id: A string: the hardware id of the device. By default, the device does not check the hardware.
      vendor: A string: the vendor in the device's configuration, as its questions show it. By default, `the vendor`.
      args: A list of strings: more options of `software-update device simulate`. By default, none.
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
    common = common_attributes("software_update_device_test", name, kwargs)
    refuse_select(name, "script", script, "`%s.update` writes this file into the source tree; write a string" % name)
    refuse_select(name, "bundles", bundles, "the script names each bundle; write a list")
    simulate = ["device", "simulate", "$(rootpath %s)" % script, _file_option("trusted-root", trusted_root)]
    simulate += [_file_option("bundle", bundle) for bundle in bundles or []]
    if hardware_id:
        simulate.append("--hardware-id='%s'" % hardware_id)
    if vendor:
        simulate.append("--vendor='%s'" % vendor)
    data = [script, trusted_root] + (bundles or [])
    label = native.package_relative_label(":" + name)
    _software_update_device_test(
        name = name,
        args = simulate + [
            "--test",
            "'--renew-with=bazel run %s.update'" % display(label),
        ] + (args or []),
        data = data,
        env = env,
        env_inherit = env_inherit,
        flaky = flaky,
        local = local,
        shard_count = shard_count,
        size = size or "small",
        timeout = timeout,
        **common.public
    )
    update_command(name, "script", script, simulate, data, common)
