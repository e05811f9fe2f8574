"""The branch coverage of the verifier and of the bundle's reader and writer."""

from __future__ import annotations

from linters import lint
from run import TOP, CheckError, Run

MIN_COVERAGE = 98.0


def coverage(run: Run) -> None:
    """Their unit tests take nearly every branch of the verifier and of the bundle's reader and writer."""
    folders = ("tools/software_update/verify", "tools/software_update/bundle")
    env = (
        "env",
        f"PYTHONPATH={TOP / 'tools'}",
        f"COVERAGE_FILE={run.scratch / 'coverage'}",
        f"HYPOTHESIS_STORAGE_DIRECTORY={run.scratch / 'hypothesis'}",
        "PYTHONDONTWRITEBYTECODE=1",
    )
    measured = (f"--source={','.join(folders)}", "--omit=*_test.py")
    # It tests processes, whose branches are not measured here, for two minutes; manual_tests runs it.
    left_out = "--ignore=tools/software_update/bundle/large_payload_test.py"
    tests = ("-m", "pytest", "-q", "-p", "no:cacheprovider", left_out, *folders)
    run.command(*env, *lint(run, "coverage"), "run", "--branch", *measured, *tests)
    figure = run.command(*env, *lint(run, "coverage"), "report", "--format=total", "--precision=1")
    print(f"{figure.strip()} %  ", end="", flush=True)
    if float(figure) < MIN_COVERAGE:
        table = run.command(*env, *lint(run, "coverage"), "report", "--show-missing")
        raise CheckError(f"{figure.strip()} %, less than {MIN_COVERAGE} %\n{table}")
