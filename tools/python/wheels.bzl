"""The repository rule that brings the locked Python wheels with the machine's own pip."""

_BUILD_HEAD = """\
load("@rules_python//python:py_library.bzl", "py_library")

package(default_visibility = ["//visibility:public"])
"""

_BUILD_WHEELS = """
# The files as pip downloaded them, for a Bazel or a virtual environment that works offline.
filegroup(
    name = "wheels",
    srcs = glob(["wheels/*.whl"]),
)
"""

_BUILD_LIBRARY = """
py_library(
    name = "{name}",
    srcs = glob(
        ["site/{name}/**/*.py"],
        allow_empty = True,
    ),
    data = glob(
        ["site/{name}/**"],
        allow_empty = True,
        exclude = ["**/*.py"],
    ),
    imports = ["site/{name}"],
    deps = {deps},
)
"""

_SKIPPED = """
py_library(
    name = "{name}",
    target_compatible_with = ["@platforms//:incompatible"],
)
"""

def _locked_names(lock):
    pins = [line.split("==")[0] for line in lock.splitlines() if "==" in line and line[0].isalnum()]
    return [pin.replace("-", "_").replace(".", "_").lower() for pin in pins]

def _pip_wheels_impl(repository_ctx):
    if repository_ctx.attr.development and Label("//:all").repo_name:
        names = _locked_names(repository_ctx.read(repository_ctx.attr.lock)) + ["wheels"]
        skipped = "".join([_SKIPPED.format(name = name) for name in names])
        repository_ctx.file("BUILD.bazel", _BUILD_HEAD + skipped, executable = False)
        return

    # The name that MODULE.bazel gives the repository, without Bazel's prefix.
    name = repository_ctx.name.split("+")[-1].split("~")[-1]
    python = repository_ctx.which("python3")
    if not python:
        fail("{}: there is no python3 on PATH; install Python 3.11 or later with pip".format(name))

    repository_ctx.report_progress("pip downloads the wheels of " + repository_ctx.attr.lock.name)
    run = repository_ctx.execute(
        [
            python,
            repository_ctx.path(repository_ctx.attr._fetch_wheels),
            "--lock",
            repository_ctx.path(repository_ctx.attr.lock),
            "--out",
            repository_ctx.path("."),
        ] + (["--pythons"] + repository_ctx.attr.pythons if repository_ctx.attr.pythons else []),
        # Equal .pyc files at each run.
        environment = {"PYTHONHASHSEED": "0"},
        timeout = 1800,
    )
    if run.return_code != 0:
        message = run.stderr.strip().splitlines() or ["python3 ended with {}".format(run.return_code)]
        fail("{}: {}".format(name, message[-1]))

    needs = json.decode(repository_ctx.read("distributions.json"))
    libraries = [
        _BUILD_LIBRARY.format(name = name, deps = repr([":" + dep for dep in deps]))
        for name, deps in needs.items()
    ]
    repository_ctx.file("BUILD.bazel", _BUILD_HEAD + _BUILD_WHEELS + "".join(libraries), executable = False)

pip_wheels = repository_rule(
    implementation = _pip_wheels_impl,
    doc = "One `py_library` for each distribution of a lock file, and `:wheels`, the downloaded files. " +
          "pip runs as the machine has set it up (its configuration files and `PIP_*`), so the lock's " +
          "hashes decide which files are right, and this file contains no address of an index.",
    attrs = {
        "development": attr.bool(
            doc = "Whether only builds of this module need the wheels. In other modules' builds, pip does not " +
                  "run: the libraries are incompatible with every platform, so that `//...` skips their users.",
        ),
        "lock": attr.label(
            allow_single_file = [".txt"],
            doc = "A requirements file that pins every distribution by version and by sha256.",
            mandatory = True,
        ),
        "pythons": attr.string_list(
            doc = "The CPythons that wheels are locked for, such as `3.14`; default: all that are supported.",
        ),
        "_fetch_wheels": attr.label(
            allow_single_file = True,
            default = Label("//tools/python:fetch_wheels.py"),
            doc = "The script that does the work.",
        ),
    },
)
