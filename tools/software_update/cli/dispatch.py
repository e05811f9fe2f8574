"""The command line: finds the command, imports only that command, and reports an error as one line.

`software-update @FILE` is the command line that FILE has, one argument to a line: as Bazel calls it.
"""

import importlib
import os
import sys
from collections.abc import Callable, Sequence

from software_update import __version__
from software_update.base.errors import SoftwareUpdateError, UsageError, printable

PROGRAM = "software-update"
STANDARD_OUTPUT = "standard output"
_EXIT_INPUT = 3

# (group, command) -> its description. Its code is the module GROUP_COMMAND of `commands`, with _ for -.
# A command of one word is a group with the command "".
COMMANDS = {
    ("key", "generate"): "make a key pair",
    ("key", "show"): "show the type and key id of key files",
    ("key", "check"): "check that files contain only a public key",
    ("root", "create"): "make root metadata from public keys",
    ("root", "sign"): "sign root metadata with development keys",
    ("root", "request"): "write a signing request for root metadata",
    ("root", "merge"): "merge signatures of several people into root metadata",
    ("root", "check"): "check that devices may accept a root, and list missing signatures",
    ("root", "publish"): "put a root with all its signatures into a folder of roots",
    ("root", "holders"): "write the names of the people or roles that hold keys",
    ("root", "inspect"): "show the content of root metadata",
    ("bundle", "create"): "make a signed bundle from files",
    ("bundle", "verify"): "verify a bundle as a device does",
    ("bundle", "inspect"): "show the content of a bundle, without verifying it",
    ("bundle", "extract"): "write a bundle's payloads to a folder",
    ("bundle", "personalize"): "leave out of a bundle the payloads that a device has",
    ("bundle", "diff"): "show what a release changes",
    ("bundle", "fleet"): "show what devices in the field do with a bundle",
    ("bundle", "page"): "write the page of a release, for people who decide about it",
    ("bundle", "promote"): "prove that a release contains exactly what was tested",
    ("audit", ""): "compare a release with a bundle that was built again",
    ("provenance", ""): "state how a release was built with Bazel",
    ("attachment", "sign"): "sign a statement about a release, such as an audit",
    ("repository", "init"): "make a repository of releases",
    ("repository", "add"): "publish releases in a channel of a repository",
    ("repository", "publish"): "publish the bundles that a build lists",
    ("repository", "push"): "publish a release in an OCI registry",
    ("repository", "attach"): "publish attachments of a published release",
    ("repository", "withdraw"): "stop offering a release",
    ("repository", "rollout"): "say which devices install a release, and halt it",
    ("repository", "rollout-keys"): "replace the keys of rollouts",
    ("repository", "refresh"): "renew a repository's timestamp",
    ("repository", "renew"): "sign again the lists and rules that expire soon",
    ("repository", "check"): "check that a repository is fresh and whole",
    ("repository", "status"): "list a repository's channels and releases",
    ("repository", "prune"): "remove objects that nothing names any more",
    ("repository", "root-create"): "write a root of a repository to sign",
    ("repository", "root-sign"): "add a signature to a root of a repository",
    ("repository", "root-publish"): "put a new root into a repository",
    ("log", "init"): "make a transparency log of releases",
    ("log", "add"): "add releases to a log",
    ("log", "sign"): "sign the checkpoint of a log",
    ("log", "witness-merge"): "add cosignatures of witnesses to the checkpoint",
    ("log", "prove"): "write the proof that a release is in a log",
    ("log", "record"): "write the record of a release, for another log",
    ("log", "import"): "make a proof of a Sigsum log one that devices read",
    ("log", "verify"): "check the proof of a release, as a device does",
    ("log", "monitor"): "compare the announced releases with a log",
    ("device", "image"): "make the disk image for the factory",
    ("device", "limits"): "write the limits of a device as a C++ header",
    ("device", "simulate"): "play a script on a simulated device, with the real client",
    ("sign", ""): "sign a signing request",
    (
        "signatures",
        "collect",
    ): "put signatures where builds find them, and list missing ones",
    ("signer", "check"): "probe a signer for faults",
    ("explain", ""): "explain a verdict and its cure",
    ("expiry", ""): "report what expires soon, and how to renew it",
    ("step", "release-manifest"): "write a release manifest",
    ("step", "digest"): "hash artifacts into a record",
    ("step", "compress"): "compress artifacts, and hash the payloads into a record",
    ("step", "targets"): "make the targets metadata to sign",
    ("step", "request"): "write the JSON of a signing request for targets metadata",
    ("step", "gather"): "gather signing requests into one folder with an index",
    ("step", "sign"): "sign targets metadata with development keys",
    ("step", "identify"): "write the public identities of development keys",
    ("step", "attach"): "attach signatures to metadata",
    ("step", "assemble"): "put signed metadata and payloads into a bundle",
    ("step", "persist"): "write a bundle as a tree, like a TUF repository",
    ("step", "index"): "describe a bundle for a server",
    ("step", "sbom"): "write the SBOM of a release, or check the product's own",
    ("step", "attachment"): "put an attachment next to its bundle",
    ("step", "release-list"): "verify the bundles to publish, and list them",
    ("step", "sha256"): "write a file's SHA-256, for sha256sum -c",
}


def run_command(argv: Sequence[str], remedy: str | None = None) -> int:
    """Runs one command, in any thread; an error is a line on standard error, and the exit code."""
    return with_errors(lambda: _run(_command_line(argv)), PROGRAM, remedy)


def with_errors(run: Callable[[], int], program: str, remedy: str | None = None) -> int:
    """Runs a function that returns an exit code, and makes a line and an exit code of an error."""
    try:
        return run()
    except SoftwareUpdateError as error:
        return fail(_text(error), error.exit_code, program)
    except BrokenPipeError:
        raise
    except OSError as error:
        return fail(os_error(error), _EXIT_INPUT, program)
    except BaseException as error:  # a package in Rust that panics raises no Exception
        from software_update.base.dependencies import load_problem

        problem = load_problem(error, remedy)
        if problem is None:
            raise
        return fail(problem, _EXIT_INPUT, program)


def _text(error: SoftwareUpdateError) -> str:
    if error.advice is None:
        return str(error)
    from software_update.cli.render.advice import with_advice

    return with_advice(error)


def _command_line(argv: Sequence[str]) -> Sequence[str]:
    if len(argv) == 1 and argv[0].startswith("@"):
        from software_update.cli.options.arguments import read_arguments

        return read_arguments(argv[0][1:])
    return argv


def _run(argv: Sequence[str]) -> int:
    if not argv or argv[0] in ("-h", "--help"):
        print(_help(COMMANDS))
        return 0 if argv else UsageError.exit_code
    if argv[0] == "--version":
        print(f"software-update {__version__}")
        return 0
    group = {key: text for key, text in COMMANDS.items() if key[0] == argv[0]}
    if not group:
        raise UsageError(f"{argv[0]!r} is not a command; see: software-update --help")
    if (argv[0], "") in group:
        return _call(argv[0], argv[1:])
    if len(argv) == 1 or argv[1] in ("-h", "--help"):
        print(_help(group))
        return 0 if len(argv) > 1 else UsageError.exit_code
    if (argv[0], argv[1]) not in group:
        raise UsageError(
            f"{argv[0]} {argv[1]!r} is not a command; see: software-update {argv[0]} --help"
        )
    return _call(f"{argv[0]}_{argv[1].replace('-', '_')}", argv[2:])


def _call(module: str, argv: Sequence[str]) -> int:
    status: int = importlib.import_module(f"software_update.cli.commands.{module}").run(argv)
    return status


def _help(commands: dict[tuple[str, str], str]) -> str:
    lines = ["usage: software-update GROUP COMMAND ...  (each has --help)", ""]
    lines += [f"  {group:11}{command:18}{text}" for (group, command), text in commands.items()]
    return "\n".join(lines)


def fail(text: str, status: int, program: str = PROGRAM) -> int:
    print(f"{program}: {printable(text)}", file=sys.stderr)
    return status


def os_error(error: OSError) -> str:
    import errno

    what = error.strerror or str(error)
    place = os.fsdecode(error.filename or "")
    if not place and error.errno == errno.ENOSPC:
        # From print, if Python does not buffer: files.errors_name names all other outputs.
        place = STANDARD_OUTPUT
    return f"{place}: {what}" if place else what
