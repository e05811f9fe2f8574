"""Builds of a module that depends on this one."""

from __future__ import annotations

import shutil

from run import TOP, Run, report

DISTRIBUTED = (
    ".bazelignore",
    "BUILD.bazel",
    "MODULE.bazel",
    "device",
    "examples/blinky/toolchain",
    "rules",
    "tools/dev_keys",
    "tools/python",
    "tools/software_update",
    "tools/workshop/locks",
    "tools/workshop/pytest",
    "tools/workshop/site",
)


def distribution(run: Run) -> None:
    """A module that depends on this one is given every file that its packages consist of."""
    labels = run.labels('kind("source file", deps(//:distribution))')
    given = {label.removeprefix("//").replace(":", "/").removeprefix("/") for label in labels}
    tracked = run.tracked(*DISTRIBUTED)
    report([f"{name}: not in //:distribution" for name in tracked if name not in given])


def dependent_module(run: Run) -> None:
    """Another module can query and build all packages of this one, without our test dependencies."""
    name, folder = "rules_software_update", run.scratch / "dependent"
    for source in run.tracked():
        copy = folder / name / source
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(TOP / source, copy)
    module = folder / "module"
    module.mkdir()
    override = f'local_path_override(module_name = "{name}", path = "../{name}")'
    (module / "MODULE.bazel").write_text(f'bazel_dep(name = "{name}")\n{override}\n')
    for command in (("query",), ("build", "--nobuild")):
        run.command(TOP / "bazelw", *command, f"@{name}//...", cwd=module)
    run.command(TOP / "bazelw", "shutdown", cwd=module)
