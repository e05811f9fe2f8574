"""A py_test that runs pytest."""

load("@rules_python//python:py_test.bzl", "py_test")

_MAIN = Label("//tools/workshop/pytest:pytest_main.py")

def _is_test_file(src):
    name = str(src).split(":")[-1].split("/")[-1]
    return name.endswith("_test.py") or (name.startswith("test_") and name.endswith(".py"))

def pytest_test(name, srcs, deps = [], args = [], size = "small", **kwargs):
    """Runs pytest on the test files among `srcs`.

    The result is also written as JUnit XML where Bazel expects it, `--test_filter=EXPRESSION` is
    pytest's `-k`, and `shard_count` works. A test file without a test fails.

    Args:
      name: The name of the test.
      srcs: Python files. Those called `*_test.py` or `test_*.py` are given to pytest, which also
        reads a `conftest.py` among them.
      deps: Python libraries; pytest need not be named.
      args: Further arguments for pytest.
      size: As in every test rule.
      **kwargs: `data`, `env`, `tags` and what else py_test takes.
    """
    tests = [src for src in srcs if _is_test_file(src)]
    if not tests:
        fail("pytest_test {}: srcs names no *_test.py or test_*.py file".format(name))
    py_test(
        name = name,
        size = size,
        srcs = srcs + [_MAIN],
        args = ["$(rootpath {})".format(test) for test in tests] + args,
        legacy_create_init = 0,
        main = _MAIN,
        deps = deps + [Label("@software_update_pip_test//:pytest")],
        **kwargs
    )
