"""All that must hold before a change lands, as on a fresh machine: every cache is new and empty.

Each check is a function below, listed in CHECKS, and prints one line; what failed shows its output.
The last line is `N passed, N failed`: the checks, and every test case that Bazel ran. A test that was
skipped, or did not run, failed.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
import traceback
import xml.etree.ElementTree as ET
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
README_BUILD = "./bazelw build //examples/blinky:bundle"
README_TEST = "./bazelw test //..."
TAGGED_MANUAL = r'attr(tags, "[\[ ]manual[,\]]", tests(//...))'
README_TESTS = f"tests(//...) except {TAGGED_MANUAL}"
# What the analysis tests look at is not for running.
MANUAL_TESTS = f"{TAGGED_MANUAL} except //tests/analysis/..."
BUILDIFIER = "@bazel/buildifier@8.2.1"
DISTRIBUTED = (
    ".bazelignore",
    "BUILD.bazel",
    "MODULE.bazel",
    "examples/blinky/toolchain",
    "rules",
    "tools/dev_keys",
    "tools/python",
    "tools/software_update",
    "tools/workshop/locks",
    "tools/workshop/pytest",
)
PACKAGE = "tools/software_update"
# `sh -c RUN_READ_ONLY FOLDER COMMAND...` runs COMMAND where nothing can be written to FOLDER.
RUN_READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'
MIN_COVERAGE = 98.0
FUZZ_SECONDS = 60
MIN_FUZZ_RUNS = 2000
MINUTES = 57
GIB_FREE = 30  # 20 of them for the large payloads


class CheckError(Exception):
    """A check failed; the text is what to show."""


class Stopped(BaseException):
    """A signal asked us to end."""


@dataclass
class Count:
    """What has passed and failed so far."""

    passed: int = 0
    failed: int = 0


@dataclass(frozen=True)
class Run:
    """The folder that one run of CI has all its caches in, and the environment that says so."""

    scratch: Path
    env: dict[str, str]
    deadline: float
    count: Count = field(default_factory=Count)

    def command(self, *argv: str | Path, cwd: Path = TOP, status: int = 0) -> str:
        """The output of a command, which must end with `status`."""
        shown = textwrap.shorten(" ".join(map(str, argv)), 200)
        with subprocess.Popen(
            argv,
            cwd=cwd,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        ) as process:
            try:
                output, _ = process.communicate(timeout=max(1, self.deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                end_group(process)
                raise CheckError(f"{shown}\nstopped: CI takes {MINUTES} minutes at most") from None
            except BaseException:
                end_group(process)
                raise
        if process.returncode != status:
            raise CheckError(f"{shown}\n{output}\nended with {process.returncode}, not {status}")
        return output

    def bazel(self, *args: str) -> str:
        """What `./bazelw ARGS...` prints."""
        return self.command("./bazelw", *args)

    def labels(self, query: str) -> list[str]:
        """The labels that a Bazel query gives."""
        lines = self.bazel("query", "--noshow_progress", query).splitlines()
        return [line for line in lines if line.startswith("//")]

    def tracked(self, *patterns: str) -> list[str]:
        """The files of the tree that match."""
        return self.command("git", "ls-files", "-z", "--", *patterns).split("\0")[:-1]


def end_group(process: subprocess.Popen[str]) -> None:
    """Ends a command with all that it started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=10)


# --- the sources ---


def names_no_machine(run: Run) -> None:
    """Where packages come from is the machine's business: no file names a registry or a local path."""
    hosts = "py[p]i[.]org|python[h]osted[.]|(deb|security|snapshot)[.]debi[a]n[.]org"
    hosts += "|registr[y][.]np[m]|bcr[.]baz[e]l[.]build"
    paths = "(^|[\"'` =:(])/(wor[k]|far[m]|opt/whee[l]s|opt/py[p]i)[/ \"'`)]"
    run.command("git", "grep", "-nIE", f"{hosts}|{paths}", "--", ".", status=1)


def keys_are_throwaway(run: Run) -> None:
    """A private key in the tree says that it is worth nothing, in its name and in its first line."""
    bad = []
    for name in run.tracked():
        path = TOP / name
        if path.is_symlink() or not path.is_file():
            continue
        content = path.read_bytes()
        if not re.search(rb"^-----BEGIN [A-Z ]*PRIVATE KEY-----\s*$", content, re.MULTILINE):
            continue
        first = content.splitlines()[0]
        if "throwaway" not in path.name or b"THROW-AWAY" not in first:
            bad.append(f"{name}: call this private key throwaway_*, and begin it with THROW-AWAY")
    report(bad)


def buildifier(run: Run) -> None:
    """Starlark is formatted, and without lint."""
    folder = run.scratch / "npm"
    folder.mkdir()
    install = (npm(run), "install", "--no-save", "--ignore-scripts", "--prefix", folder)
    run.command(*install, BUILDIFIER)
    files = run.tracked("*.bzl", "*.bazel", "*/BUILD", "BUILD")
    program = folder / "node_modules/.bin/buildifier"
    run.command(program, "-mode=check", "-lint=warn", *files)


def lint_tools(run: Run) -> None:
    """The locked linters, and what our Python imports, install with pip."""
    python = make_venv(run, "lint")
    names = ("tools/python/runtime", "tools/workshop/locks/lint", "tools/workshop/locks/test")
    locks = [f"--requirement={name}.txt" for name in names]
    exact = ("--require-hashes", "--only-binary=:all:", "--no-deps")
    run.command(python, "-m", "pip", "install", "--quiet", *exact, *locks)


def ruff_check(run: Run) -> None:
    """Python has no lint."""
    run.command(*lint(run, "ruff"), "check", "--force-exclude", *run.tracked("*.py"))


def ruff_format(run: Run) -> None:
    """Python is formatted."""
    run.command(*lint(run, "ruff"), "format", "--check", "--force-exclude", *run.tracked("*.py"))


def mypy(run: Run) -> None:
    """Python is typed strictly."""
    files = [name for name in run.tracked("*.py") if not name.endswith("_pb2.py")]
    run.command(*lint(run, "mypy"), "--strict", *files)


def lint(run: Run, tool: str) -> tuple[str | Path, ...]:
    """A linter, as a command."""
    return (run.scratch / "lint/bin/python", "-m", tool)


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
    tests = ("-m", "pytest", "-q", "-p", "no:cacheprovider", *folders)
    run.command(*env, *lint(run, "coverage"), "run", "--branch", *measured, *tests)
    figure = run.command(*env, *lint(run, "coverage"), "report", "--format=total", "--precision=1")
    print(f"{figure.strip()} %  ", end="", flush=True)
    if float(figure) < MIN_COVERAGE:
        table = run.command(*env, *lint(run, "coverage"), "report", "--show-missing")
        raise CheckError(f"{figure.strip()} %, less than {MIN_COVERAGE} %\n{table}")


# --- the pages ---


def page_links(run: Run) -> None:
    """A relative link in a page leads to a file, and to a heading where it names one."""
    bad = []
    for page in run.tracked("*.md"):
        for link in re.findall(r"\]\(([^)\s]+)\)", (TOP / page).read_text()):
            path, _, heading = link.partition("#")
            place = (TOP / page).parent / path if path else TOP / page
            if not link.startswith("https://") and not place.exists():
                bad.append(f"{page}: {link} leads nowhere")
            elif heading and not path.startswith("https://") and heading not in headings(place):
                bad.append(f"{page}: {link}: there is no such heading")
    report(bad)


def headings(page: Path) -> set[str]:
    """A page's headings as links name them: lower case, a hyphen for a space, and little else."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    lines = re.findall(r"^#+ (.*)", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-") for line in lines}


def page_labels(run: Run) -> None:
    """Every label in a command of the pages is a target's; one in the top folder stands for any."""
    pages = "\n".join((TOP / page).read_text() for page in run.tracked("*.md"))
    labels = set(re.findall(r"bazelw (?:build|run|test) (//[\w.][\w/.:+-]*)", pages))
    run.labels(" + ".join(sorted(labels)))


def readme_example(_: Run) -> None:
    """The README's ten lines to copy are how examples/quickstart begins."""
    example = (TOP / "examples/quickstart/BUILD.bazel").read_text()
    shown = re.findall(r"^```starlark\n(.*?)^```$", (TOP / "README.md").read_text(), re.M | re.S)
    if not any(example.startswith(each) for each in shown):
        raise CheckError("README.md does not show examples/quickstart/BUILD.bazel as it is")


# --- Bazel ---


def readme_build(run: Run) -> None:
    """The README's first command makes the bundle."""
    run.command(*readme_command(README_BUILD))
    (run.scratch / "blinky.sha256").write_text(blinky_digest())


def readme_test(run: Run) -> None:
    """The README's second command passes."""
    with counted_tests(run, README_TESTS):
        run.command(*readme_command(README_TEST))


def manual_tests(run: Run) -> None:
    """The tests that `//...` leaves out, because they take long or much room."""
    labels = run.labels(MANUAL_TESTS)
    if labels:
        with counted_tests(run, " + ".join(labels)):
            run.bazel("test", *labels)


def fuzz(run: Run) -> None:
    """A minute of fuzzing finds no input that makes the verifier do more than accept or refuse."""
    found = run.scratch / "fuzz"
    found.mkdir()
    options = (f"-max_total_time={FUZZ_SECONDS}", f"-artifact_prefix={found}/")
    try:
        output = run.bazel("run", "//tests/fuzz:verify", "--", *options)
    except CheckError as error:
        inputs = [f"{each.name}: {b64encode(each.read_bytes())!r}" for each in found.iterdir()]
        raise CheckError("\n".join([str(error), *inputs])) from None
    runs = re.search(r"^Done (\d+) runs", output, re.MULTILINE)
    if not runs or int(runs[1]) < MIN_FUZZ_RUNS:
        raise CheckError(f"{output}\nfewer than {MIN_FUZZ_RUNS} inputs were judged")
    print(f"{runs[1]} inputs  ", end="", flush=True)


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


def blinky_offline(run: Run) -> None:
    """With its repositories fetched, blinky builds without a network, to the same bytes."""
    run.bazel("clean")
    run.bazel("shutdown")  # A server in another network namespace cannot be reached.
    # Nor can this one be from outside, so it must not stay.
    script = f'{README_BUILD}; status=$?; ./bazelw shutdown; exit "$status"'
    offline = ("unshare", "--net", sys.executable, ".ci/without_network.py")
    run.command(*offline, "sh", "-c", script)
    if blinky_digest() != (run.scratch / "blinky.sha256").read_text():
        raise CheckError("the bundle has other bytes than with a network")


def strict(run: Run) -> None:
    """Everything builds and passes under the strict flags too."""
    with counted_tests(run, README_TESTS):
        run.bazel("test", "--config=strict", "//...")


def readme_command(command: str) -> list[str]:
    """The command, which stands in the README word by word."""
    lines = (TOP / "README.md").read_text().splitlines()
    if command not in lines:
        raise CheckError(f"README.md has no line '{command}'")
    return command.split()


def blinky_digest() -> str:
    bundle = TOP / "bazel-bin/examples/blinky/bundle.bundle"
    return hashlib.sha256(bundle.read_bytes()).hexdigest()


@contextlib.contextmanager
def counted_tests(run: Run, query: str) -> Iterator[None]:
    """Counts the test cases that ran inside; they are looked at even where the command fails."""
    failure = None
    try:
        yield
    except CheckError as error:
        failure = str(error)
    bad = []
    for label in run.labels(query):
        passed, wrong = test_cases(label)
        run.count.passed += passed
        run.count.failed += len(wrong)
        bad += wrong
    report(bad + ([failure] if failure else []))


def test_cases(label: str) -> tuple[int, list[str]]:
    """How many test cases of a test passed, and what is wrong with the others."""
    folder = TOP / "bazel-testlogs" / label.removeprefix("//").replace(":", "/")
    cases: list[ET.Element] = []
    for file in sorted([*folder.glob("test.xml"), *folder.glob("shard_*/test.xml")]):
        try:
            cases += ET.parse(file).iter("testcase")
        except ET.ParseError as error:
            return 0, [f"{label}: {file.name} cannot be read: {error}"]
    if not cases:
        return 0, [f"{label}: no test case ran"]
    wrong = []
    for case in cases:
        for outcome in ("error", "failure", "skipped"):
            if case.find(outcome) is not None:
                wrong.append(f"{label}: {case.get('name')}: {outcome}")
                break
    return len(cases) - len(wrong), wrong


# --- the command line ---


def pip_install(run: Run) -> None:
    """What `pip install .` brings makes a bundle, and judges it; with extras it would sign by a token."""
    source = run.scratch / "source"
    run.command("git", "clone", "--quiet", TOP, source)
    python = make_venv(run, "product")
    install = (python, "-m", "pip", "install", "--quiet")
    run.command("unshare", "--mount", "sh", "-c", RUN_READ_ONLY, source, *install, source)
    check_installed_files(run, python)
    tool = python.with_name("software-update")
    folder = run.scratch / "round_trip"
    folder.mkdir()

    def software_update(*args: str, status: int = 0) -> str:
        return run.command(tool, *args, cwd=folder, status=status)

    software_update("--help")
    software_update("key", "generate", "root")
    software_update("key", "generate", "targets")
    public = ("--root-key", "root.pub", "--targets-key", "targets.pub")
    software_update("root", "create", "--version", "1", *public, "-o", "root.pb")
    software_update("root", "sign", "root.pb", "--key", "root")
    (folder / "app").write_bytes(b"firmware" * 1000)
    content = ("--version", "1", "--target", "app=app")
    signed = ("--root", "root.pb", "--dev-signing-key", "targets")
    software_update("bundle", "create", *content, *signed, "-o", "bundle")
    software_update("bundle", "verify", "bundle", "--trusted-root", "root.pb")
    bundle = bytearray((folder / "bundle").read_bytes())
    bundle[-1] ^= 1
    (folder / "bundle").write_bytes(bundle)
    software_update("bundle", "verify", "bundle", "--trusted-root", "root.pb", status=1)
    software_update("root", "request", "root.pb", "-o", "request")
    on_token = ("--key", "hsm:1", "--public", "root.pub")
    software_update("sign", "request", *on_token, status=3)
    extras = ".[hsm,aws,gcp,azure]"
    run.command(*install, extras, cwd=source)
    left = run.command("git", "status", "--porcelain", "--ignored", cwd=source)
    if left:
        raise CheckError(f"pip install left files in the source tree:\n{left}")
    said = software_update("sign", "request", *on_token, status=2)
    if "needs the token's PKCS#11 module" not in said:
        raise CheckError(f"with {extras}, sign does not get as far as the token:\n{said}")


def install_by_hash(run: Run) -> None:
    """Runs the two installations of docs/guides/root_ceremony.md; only the first has a network."""
    page = (TOP / "docs/guides/root_ceremony.md").read_text()
    scripts = re.findall(r"^ *```sh\n(.*?)^ *```$", page, re.MULTILINE | re.DOTALL)
    download, install = (each for each in scripts if "--require-hashes" in each)
    online, offline = run.scratch / "online", run.scratch / "offline"
    for folder in (online, offline):
        folder.mkdir()
    run.command("git", "clone", "--quiet", TOP, run.scratch / "rules_software_update")
    run.command("sh", "-ec", download, cwd=online)
    for name in ("rules_software_update.tar", "wheels"):
        (online / name).rename(offline / name)
    run.command("sh", "-ec", install, cwd=offline)
    run.command(offline / "tool/bin/software-update", "--version")


def check_installed_files(run: Run, python: Path) -> None:
    """pip installed every module of the command and the protocol buffers, and no test."""
    script = (
        "from importlib.metadata import files; print(*files('rules_software_update'), sep='\\n')"
    )
    installed = run.command(python, "-c", script).splitlines()
    patterns = [f"{PACKAGE}/*.py", f"{PACKAGE}/*.proto"]
    exclude = [
        f"*/{name}" for name in ("*_test.py", "conftest.py", "testing/*", "archived_main.py")
    ]
    tracked = run.tracked(*patterns, *(f":(exclude){PACKAGE}{each}" for each in exclude))
    wanted = {name.removeprefix("tools/") for name in tracked}
    found = {name for name in installed if name.startswith("software_update/")}
    found = {name for name in found if "__pycache__" not in name}
    lacks = [f"{name}: pip does not install it" for name in sorted(wanted - found)]
    report(lacks + [f"{name}: pip installs it" for name in sorted(found - wanted)])


# --- afterwards ---


def tree_unchanged(run: Run) -> None:
    """Nothing that ran here left a file in the tree."""
    status = run.command("git", "status", "--porcelain")
    if status != (run.scratch / "git_status").read_text():
        raise CheckError(f"the tree is not what it was before:\n{status}")


def remove_caches(run: Run) -> None:
    """Nothing stays: no process, no mount, no file. What is still mounted is never removed."""
    bazel_ran = [*run.scratch.glob("cache/bazel"), *run.scratch.glob("cache/*/bazel")]
    if bazel_ran:
        with contextlib.suppress(CheckError):
            run.bazel("shutdown")
    run.command("tools/workshop/bazel/remove_root")
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    left = [point for point in (line.split()[4] for line in mounts) if is_below(point, run.scratch)]
    report([f"{point} is still mounted; unmount it, then remove {run.scratch}" for point in left])
    run.command("rm", "-rf", "--one-file-system", "--", run.scratch)


def is_below(path: str, folder: Path) -> bool:
    return Path(path) == folder or folder in Path(path).parents


CHECKS: tuple[Callable[[Run], None], ...] = (
    names_no_machine,
    keys_are_throwaway,
    buildifier,
    lint_tools,
    ruff_check,
    ruff_format,
    mypy,
    coverage,
    pip_install,
    install_by_hash,
    page_links,
    readme_example,
    readme_build,
    readme_test,
    page_labels,
    manual_tests,
    fuzz,
    distribution,
    dependent_module,
    blinky_offline,
    strict,
    tree_unchanged,
)


# --- what a Debian machine may lack ---


def npm(run: Run) -> str:
    """npm, installed if it is missing."""
    if not shutil.which("npm", path=run.env["PATH"]):
        apt_install(run, "npm")
    return "npm"


def make_venv(run: Run, name: str) -> Path:
    """The Python of a new virtual environment."""
    has_venv = "import ensurepip, venv"
    try:
        run.command("python3", "-c", has_venv)
    except CheckError:
        apt_install(run, "python3-venv")
    run.command("python3", "-m", "venv", run.scratch / name)
    return run.scratch / name / "bin/python"


def apt_install(run: Run, package: str) -> None:
    run.command("apt-get", "-q", "update")
    options = ("-q", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120")
    run.command("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", *options, "install", package)


# --- one run ---


def report(bad: list[str]) -> None:
    """Fails if there is anything to tell."""
    if bad:
        raise CheckError("\n".join(bad))


def make_scratch() -> Path:
    """A new folder on a disk with room; Bazel and its root take several GiB, too much for a tmpfs."""
    for base in (os.environ.get("TMPDIR"), "/var/tmp", "/tmp"):
        if not base or not os.access(base, os.W_OK) or "tmpfs" in filesystem(base):
            continue
        if shutil.disk_usage(base).free >= GIB_FREE << 30:
            return Path(tempfile.mkdtemp(prefix="software_update_ci.", dir=Path(base).resolve()))
    print(f"ci: no folder with {GIB_FREE} GiB free that is no tmpfs; set TMPDIR to one")
    print("0 passed, 1 failed")
    sys.exit(1)


def filesystem(path: str) -> str:
    command = ["stat", "-f", "-c", "%T", "--", path]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def fresh_environment(scratch: Path) -> dict[str, str]:
    """The caller's environment, with every cache below `scratch`."""
    folders = {
        "XDG_CACHE_HOME": scratch / "cache",
        "PIP_CACHE_DIR": scratch / "cache/pip",
        "npm_config_cache": scratch / "cache/npm",
        "RUFF_CACHE_DIR": scratch / "cache/ruff",
        "MYPY_CACHE_DIR": scratch / "cache/mypy",
        "TMPDIR": scratch / "tmp",
    }
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    env = dict(os.environ) | {name: str(folder) for name, folder in folders.items()}
    for name in ("PYKCS11LIB", "PYTHONPATH", "VIRTUAL_ENV"):
        env.pop(name, None)
    return env | {"CI": "true"}


def perform(check: Callable[[Run], None], run: Run) -> None:
    """Runs one check and prints its line."""
    start = time.monotonic()
    print(f"{check.__name__:<18} ", end="", flush=True)
    before = Count(run.count.passed, run.count.failed)
    output = ""
    try:
        check(run)
    except CheckError as error:
        output = str(error)
    except Exception:  # A fault of the check itself is a failure too.
        output = traceback.format_exc()
    except Stopped:
        run.count.failed += 1
        print("stopped by a signal", flush=True)
        raise
    passed, failed = run.count.passed - before.passed, run.count.failed - before.failed
    tests = f"  {passed} tests passed, {failed} failed" if passed or failed else ""
    print(f"{'FAILED' if output else 'ok'}  {time.monotonic() - start:.0f} s{tests}", flush=True)
    if output:
        run.count.failed += 1
        print(output, flush=True)
    else:
        run.count.passed += 1


def stop(*_: object) -> None:
    raise Stopped


def main() -> int:
    """Every check, then the removal of what they left, and the count."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    start = time.monotonic()
    scratch = make_scratch()
    run = Run(scratch, fresh_environment(scratch), start + 60 * MINUTES)
    try:
        (scratch / "git_status").write_text(run.command("git", "status", "--porcelain"))
        for check in CHECKS:
            perform(check, run)
    except Stopped:
        pass
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        perform(remove_caches, Run(scratch, run.env, time.monotonic() + 180, run.count))
        print(f"all                {time.monotonic() - start:.0f} s")
        print(f"{run.count.passed} passed, {run.count.failed} failed", flush=True)
    return 1 if run.count.failed else 0


if __name__ == "__main__":
    sys.exit(main())
