"""bazelw, with fakes of the programs that it would start on a real machine."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pytest

EMPTY: Mapping[str, str] = MappingProxyType({})
USE_ROOT = {"BAZELW_USE": "root"}
ROOT_VARIABLES = ["CI=1", "PIP_INDEX_URL=http://index.test", "https_proxy=http://proxy.test"]


@dataclass(frozen=True)
class Machine:
    """A copy of bazelw in a workspace of its own, and a PATH that starts with fakes."""

    folder: Path

    @property
    def workspace(self) -> Path:
        return self.folder / "workspace"

    @property
    def cache(self) -> Path:
        return self.folder / "cache" / "rules_software_update"

    @property
    def path(self) -> str:
        """Fakes first."""
        return f"{self.folder / 'bin'}:/usr/sbin:/usr/bin:/sbin:/bin"

    def fake(self, name: str, script: str) -> Path:
        """Puts a shell script on PATH."""
        path = self.folder / "bin" / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    def fake_bazel(self, name: str, probe_status: int = 0) -> Path:
        """A Bazel that notes its probes, and otherwise shows what it was given and exits with 37."""
        return self.fake(
            name,
            f'case "$*" in *"mod dump_repo_mapping "*)\n'
            f"  echo {name} >>{self.folder}/probes; exit {probe_status} ;; esac\n"
            f'echo {name}; pwd; printf "<%s>" "$@"; cat; exit 37',
        )

    def probes(self) -> list[str]:
        """The Bazels that were probed, oldest first."""
        path = self.folder / "probes"
        return path.read_text().split() if path.exists() else []

    def run(
        self,
        *args: str,
        variables: Mapping[str, str] = EMPTY,
        cwd: Path | None = None,
        stdin: str = "",
    ) -> subprocess.CompletedProcess[str]:
        """bazelw ARGS in a small environment; a variable that is "" is left out."""
        env = {
            "PATH": self.path,
            "HOME": str(self.folder),
            "XDG_CACHE_HOME": str(self.cache.parent),
        } | dict(variables)
        return subprocess.run(
            [str(self.workspace / "bazelw"), *args],
            cwd=cwd or self.workspace,
            env={name: value for name, value in env.items() if value},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )

    def refuses(self, **variables: str) -> str:
        """The one line that bazelw says while it exits with 1."""
        done = self.run(variables=variables)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("bazelw: ") and done.stderr.count("\n") == 1, done.stderr
        return done.stderr


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A workspace with the bazelw of this tree, on a machine that has no Bazel."""
    tools = Path(__file__).parent
    made = Machine(tmp_path)
    shutil.copytree(tools, made.workspace / "tools/workshop/bazel")
    shutil.copy(tools.parents[2] / "bazelw", made.workspace)
    (made.workspace / "MODULE.bazel").write_text("")
    (tmp_path / "bin").mkdir()
    # The machine that runs this test may have one of these.
    for name in ("bazel", "bazelisk"):
        made.fake_bazel(name, probe_status=1)
    return made


def test_arguments_input_folder_and_status_reach_the_bazel_on_path(machine: Machine) -> None:
    machine.fake_bazel("bazel")
    folder = machine.workspace / "a b"
    folder.mkdir()
    done = machine.run("run", "//:x", "--", "two words", "*", cwd=folder, stdin="typed")
    assert done.returncode == 37
    assert done.stdout == f"bazel\n{folder}\n<run><//:x><--><two words><*>typed"


def test_bazelisk_is_tried_first(machine: Machine) -> None:
    machine.fake_bazel("bazel")
    machine.fake_bazel("bazelisk")
    assert machine.run().stdout.startswith("bazelisk\n")


def test_a_bazelisk_that_cannot_download_is_passed_over(machine: Machine) -> None:
    machine.fake_bazel("bazel")
    done = machine.run()
    assert done.stdout.startswith("bazel\n")
    assert "bazelisk cannot be used here" in done.stderr
    assert machine.probes() == ["bazelisk", "bazel"]


def test_second_call_does_not_probe_or_print(machine: Machine) -> None:
    machine.fake_bazel("bazel")
    machine.run()
    assert machine.run().stderr == ""
    assert machine.probes() == ["bazelisk", "bazel"]


@pytest.mark.parametrize("name", ["MODULE.bazel", ".bazelversion", ".bazelrc"])
def test_a_changed_file_of_the_module_is_probed_again(machine: Machine, name: str) -> None:
    machine.fake_bazel("bazelisk")
    machine.run()
    (machine.workspace / name).write_text("# changed\n")
    machine.run()
    assert machine.probes() == ["bazelisk", "bazelisk"]


def test_another_binary_is_probed_again(machine: Machine) -> None:
    os.utime(machine.fake_bazel("bazelisk"), (1, 1))
    machine.run()
    os.utime(machine.fake_bazel("bazelisk"), (2_000_000, 2_000_000))
    machine.run()
    assert machine.probes() == ["bazelisk", "bazelisk"]


def test_a_busy_bazel_is_one_that_works(machine: Machine) -> None:
    machine.fake_bazel("bazelisk", probe_status=45)
    assert machine.run().stdout.startswith("bazelisk\n")


def test_a_bazel_that_is_a_wrapper_of_bazelw_is_passed_over(machine: Machine) -> None:
    machine.fake("bazel", f'exec "{machine.workspace}/bazelw" "$@"')
    done = machine.run("build", variables={"BAZELW_USE": "path"})
    assert done.returncode == 1
    assert "no bazelisk or bazel on PATH" in done.stderr


def test_a_link_to_bazelw_works(machine: Machine) -> None:
    machine.fake_bazel("bazel")
    link = machine.folder / "bin" / "bw"
    link.symlink_to(machine.workspace / "bazelw")
    done = subprocess.run(
        [str(link), "info"],
        env={"PATH": machine.path, "HOME": str(machine.folder)},
        cwd=machine.workspace,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.endswith("<info>")


def test_platform_that_needs_a_bazel_on_path(machine: Machine) -> None:
    machine.run(variables={"BAZELW_USE": "path"})  # probes, and says so
    assert "install Bazelisk" in machine.refuses(BAZELW_USE="path")


def test_a_bad_choice(machine: Machine) -> None:
    assert "BAZELW_USE is 'debian'" in machine.refuses(BAZELW_USE="debian")


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"HOME": "", "XDG_CACHE_HOME": ""}, "neither HOME nor XDG_CACHE_HOME is set"),
        ({"XDG_CACHE_HOME": "cache"}, "is not an absolute path"),
        ({"XDG_CACHE_HOME": "/a b"}, "has a space in it"),
        ({"XDG_CACHE_HOME": "/dev/null"}, "cannot write to /dev/null/rules_software_update"),
    ],
)
def test_no_folder_for_the_root(machine: Machine, variables: dict[str, str], words: str) -> None:
    machine.fake("id", "echo 0")
    machine.fake("unshare", "exit 0")
    assert words in machine.refuses(**USE_ROOT, **variables)


def test_not_linux(machine: Machine) -> None:
    machine.fake("uname", "echo Darwin")
    assert "is not Linux; install Bazelisk" in machine.refuses(**USE_ROOT)


def test_not_root(machine: Machine) -> None:
    machine.fake("id", "echo 1000")
    assert "needs root; install Bazelisk" in machine.refuses(**USE_ROOT)


def test_no_right_to_mount(machine: Machine) -> None:
    machine.fake("id", "echo 0")
    machine.fake("unshare", "echo unshare: Operation not permitted >&2; exit 1")
    assert "does not let root mount; install Bazelisk" in machine.refuses(**USE_ROOT)


def test_no_room(machine: Machine) -> None:
    machine.fake("id", "echo 0")
    machine.fake("unshare", "exit 0")
    machine.fake("df", 'echo header; echo "disk 9 9 1048576 9% /"')
    assert "has 1024 MiB free" in machine.refuses(**USE_ROOT)


def test_a_root_that_cannot_be_made_is_not_trusted(machine: Machine) -> None:
    machine.fake("id", "echo 0")
    machine.fake("unshare", "exit 0")
    machine.fake("df", 'echo header; echo "disk 9 9 9999999 9% /"')
    machine.fake("setpriv", f"mkdir {machine.cache}/making/root; exit 1")
    for _ in range(2):
        done = machine.run(variables=USE_ROOT)
        assert done.returncode == 1
        assert not list(machine.cache.glob("root-*"))


def recipe_hash(machine: Machine) -> str:
    """Returns the name of the root that this recipe makes."""
    tools = machine.workspace / "tools/workshop/bazel"
    parts = [*sorted((tools / "root").iterdir()), tools / "make_root.sh"]
    return hashlib.sha256(b"".join(part.read_bytes() for part in parts)).hexdigest()[:12]


@pytest.fixture
def entered(machine: Machine) -> Machine:
    """A machine whose root is complete; entering it shows what would run in it."""
    machine.fake("id", "echo 0")
    machine.fake("stat", "echo nsfs")
    machine.fake("nsenter", 'printf "%s\\n" "$@"')
    name = recipe_hash(machine)
    for folder in ("namespace", "namespace.binds", f"root-{name}/etc"):
        (machine.cache / folder).mkdir(parents=True)
    (machine.cache / "namespace" / name).touch()
    (machine.cache / f"root-{name}.complete").touch()
    (machine.cache / "namespace.binds" / name).write_text(f"nsfs {machine.folder}\n")
    return machine


def test_the_root_gets_chosen_variables_only(entered: Machine) -> None:
    given = dict(variable.split("=", 1) for variable in ROOT_VARIABLES)
    done = entered.run("build", variables={"SECRET": "x", **USE_ROOT, **given})
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert set(ROOT_VARIABLES) < set(lines)
    assert f"HOME={entered.folder}" in lines
    assert not [line for line in lines if line.startswith(("SECRET", "BAZELW"))]


def test_the_root_gets_folder_and_arguments(entered: Machine) -> None:
    folder = entered.workspace / "a b"
    folder.mkdir()
    done = entered.run("run", "--", "two words", cwd=folder, variables=USE_ROOT)
    lines = done.stdout.splitlines()
    assert f"--chdir={folder}" in lines
    assert lines[-5:] == [
        "bazel",
        f"--output_user_root={entered.cache}/bazel/{recipe_hash(entered)}",
        "run",
        "--",
        "two words",
    ]
    assert done.stderr == ""


def test_changed_recipe_makes_another_root(entered: Machine) -> None:
    with (entered.workspace / "tools/workshop/bazel/root/packages.txt").open("a") as packages:
        packages.write("hello\n")
    entered.fake("unshare", "exit 1")
    assert "does not let root mount" in entered.refuses(**USE_ROOT)


def add_packages(machine: Machine) -> subprocess.CompletedProcess[str]:
    """Runs add_packages in the environment of `Machine.run`."""
    env = {"PATH": machine.path, "XDG_CACHE_HOME": str(machine.cache.parent)}
    command = [str(machine.workspace / "tools/workshop/bazel/add_packages")]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def test_packages_are_added_to_a_root_that_lacks_them(entered: Machine) -> None:
    """They are not part of the recipe, so the root stays the same."""
    entered.fake("chroot", "exit 1")
    entered.fake("unshare", 'cat; printf "<%s>" "$@"')
    done = add_packages(entered)
    assert done.returncode == 0, done.stderr
    assert "apt -y" in done.stderr
    (root,) = entered.cache.glob("root-*.complete")
    packages = (Path(__file__).parent / "more_packages.txt").read_text().split()
    words = "".join(f"<{word}>" for word in ("--", root.with_suffix(""), *packages))
    assert words in done.stderr
    entered.fake("chroot", "exit 0")
    entered.fake("unshare", "exit 1")
    assert add_packages(entered).returncode == 0


def test_packages_are_not_added_before_there_is_a_root(machine: Machine) -> None:
    done = add_packages(machine)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "bazelw: Debian's Bazel is not set up yet; run ./bazelw first\n"


def make_root(machine: Machine, old_update: str) -> subprocess.CompletedProcess[str]:
    """make_root.sh in a folder "making", with fakes; OLD_UPDATE is what apt does with the old suite."""
    for name in ("apt-get", "apt-config", "mount", "umount"):
        machine.fake(name, "")
    debootstrap = machine.fake(
        "debootstrap",
        'for root; do :; done; cd "$root"\n'
        "mkdir -p etc/apt/apt.conf.d etc/bazel etc/dpkg/dpkg.cfg.d usr/sbin; : >etc/bazel/bazelrc\n"
        "echo deb http://mirror.test/debian forky main >etc/apt/sources.list",
    )
    machine.fake(  # unpacks debootstrap on a machine that has none
        "dpkg-deb",
        f'cd "$(dirname "$3")"; mkdir -p "$3/usr/share/debootstrap/scripts" "$3/usr/sbin"\n'
        f'cp "{debootstrap}" "$3/usr/sbin"',
    )
    machine.fake(
        "chroot",
        'case "$*" in *"SourceList=/tmp/old_gn/sources.list "*" update")\n'
        f'  cat "$1/tmp/old_gn/sources.list"; {old_update} ;; esac',
    )
    (machine.folder / "making/root").mkdir(parents=True)
    return subprocess.run(
        [
            "bash",
            str(machine.workspace / "tools/workshop/bazel/make_root.sh"),
            f"{machine.folder}/making",
        ],
        env={"PATH": machine.path, "instead": "do without"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_old_gn_comes_from_the_mirror_of_the_root(machine: Machine) -> None:
    done = make_root(machine, "exit 0")
    assert done.returncode == 0, done.stderr
    assert "going without" not in done.stderr
    log = (machine.folder / "making.log").read_text()
    assert "\ndeb http://mirror.test/debian bookworm main\n" in log
    assert not (machine.folder / "making/root/tmp/old_gn").exists()


@pytest.mark.parametrize(
    "reason",
    [
        "The repository 'http://mirror.test bookworm Release' does not have a Release file.",
        "Unable to locate package generate-ninja",
    ],
)
def test_mirror_without_the_old_gn_is_reported_and_skipped(machine: Machine, reason: str) -> None:
    done = make_root(machine, f'echo "E: {reason}"; exit 100')
    assert done.returncode == 0, done.stderr
    assert "the Debian mirror has no GN of bookworm; going without gn-2022" in done.stderr


@pytest.mark.parametrize("reason", ["Some index files failed to download.", "It is not signed."])
def test_an_old_gn_that_cannot_be_fetched_stops(machine: Machine, reason: str) -> None:
    done = make_root(machine, f'echo "E: {reason}"; exit 100')
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith(
        f"bazelw: installing GN of bookworm failed; run this again, or do without ({reason};"
    )


def remove_root(machine: Machine, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(machine.workspace / "tools/workshop/bazel/remove_root"), *args],
        env={"PATH": machine.path, "XDG_CACHE_HOME": str(machine.cache.parent)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_remove_root_removes_only_files_of_bazelw(machine: Machine) -> None:
    machine.fake_bazel("bazel")
    machine.run()
    beside = machine.cache.parent / "beside"
    beside.write_text("")
    assert remove_root(machine, "--shutdown").returncode == 0
    assert machine.cache.exists()
    assert remove_root(machine).returncode == 0
    assert not machine.cache.exists()
    assert beside.exists()
    assert remove_root(machine).returncode == 0


def test_remove_root_spares_a_folder_that_bazelw_did_not_make(machine: Machine) -> None:
    machine.cache.mkdir(parents=True)
    done = remove_root(machine)
    assert done.returncode == 1
    assert "has no CACHEDIR.TAG" in done.stderr
    assert machine.cache.exists()


def test_remove_root_keeps_mounted_folders(machine: Machine) -> None:
    machine.fake_bazel("bazel")
    machine.run()
    inside = machine.cache / "root-1" / "a b"
    inside.mkdir(parents=True)
    mount = str(inside).replace(" ", "\\040")  # as /proc/self/mountinfo has it
    machine.fake("awk", f"printf '%s\\n' / '{mount}'")
    done = remove_root(machine)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{inside} is still mounted" in done.stderr
    assert inside.exists()


def test_error_on_windows_names_the_program_to_install() -> None:
    text = (Path(__file__).parents[3] / "bazelw.bat").read_bytes()
    assert b"Bazelisk" in text
    assert text.count(b"\r\n") == text.count(b"\n") == 3
