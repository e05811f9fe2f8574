"""The rule `software_update_expiry_test`."""

load("//rules/private/attributes:common.bzl", "common_attributes", "refuse_select")
load("//rules/private/runnables:command.bzl", _software_update_expiry_test = "software_update_expiry_test")

# Bazel runs a test with this tag again each time, because its result depends on the clock.
_NEVER_CACHED = ["external"]

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
      at: A string: the time from which to count, such as `2031-01-01T00:00:00Z`. By default, the time of the machine
        that runs the test; then Bazel does not cache the test's result.
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
    common = common_attributes(
        "software_update_expiry_test",
        name,
        kwargs,
        tags = [] if at else _NEVER_CACHED,
    )
    for attribute, value in {"bundles": bundles, "roots": roots}.items():
        refuse_select(name, attribute, value, "the arguments of the test name each file; write a list")
    files = bundles + roots
    _software_update_expiry_test(
        name = name,
        args = (
            ["expiry", "--within=%s" % within_days, "--at=%s" % (at or "now")] +
            ["$(rootpath %s)" % file for file in files] +
            (args or [])
        ),
        data = files,
        env = env,
        env_inherit = env_inherit,
        flaky = flaky,
        local = local,
        shard_count = shard_count,
        size = size or "small",
        timeout = timeout,
        **common.public
    )
