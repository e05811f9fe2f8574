"""signer check: put a signer through what can go wrong."""

import argparse
import contextlib
import multiprocessing
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from software_update.base.errors import SignatureError, SoftwareUpdateError, UsageError, printable
from software_update.base.strict_json import to_text
from software_update.cli.options import signer_arguments
from software_update.cli.options.arguments import Parser
from software_update.cli.render.advice import with_advice
from software_update.signing import signer_check
from software_update.signing.signer_check import Attempt, Finding, Result
from software_update.signing.signers import ExecSigner
from software_update.signing.signing_request import Request

# To start a process, with what it has to import; and to sign, where a signer has no limit of its own.
_START_SECONDS = 60
_SIGN_SECONDS = 600
_END_SECONDS = 5


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "signer check",
        "Probes a signer for faults, with requests that are good, bad and simultaneous. "
        "The signatures are worthless on every device.",
    )
    signer_arguments.add_signer(parser)
    parser.add_argument("--json", action="store_true", help="print software_update.signer_check.v1")
    args = parser.parse_args(argv)
    signer_arguments.check_signer(args)
    if args.public is None:
        raise UsageError("signer check: needs --public PUB, which signatures are held to")
    secrets: dict[str, bytes] = {}
    signer = signer_arguments.open_signer(args, _remembering(args, secrets))

    limit = signer.timeout if isinstance(signer, ExecSigner) else _SIGN_SECONDS

    def at_once(requests: Sequence[Request]) -> list[Attempt]:
        return _in_processes(args, secrets, requests, _START_SECONDS + limit)

    findings = []
    for finding in signer_check.check(signer, at_once):
        findings.append(finding)
        if not args.json:
            print(_line(finding), flush=True)
    failed = sum(finding.result is Result.FAILED for finding in findings)
    if args.json:
        print(to_text(_document(signer.public.key_id, findings)), end="")
    else:
        print(f"not fit for use: {failed} failed" if failed else "fit for use")
    return SignatureError.exit_code if failed else 0


def _remembering(args: argparse.Namespace, secrets: dict[str, bytes]) -> Callable[[str], bytes]:
    """Asks for a passphrase or PIN, and remembers it for other processes."""
    ask = signer_arguments.default_ask(args)

    def remember(what: str) -> bytes:
        secrets[what] = ask(what)
        return secrets[what]

    return remember


def _line(finding: Finding) -> str:
    seconds = "" if finding.seconds is None else f" ({finding.seconds:.2f} s)"
    return f"{finding.result:8} {finding.probe}: {printable(finding.detail)}{seconds}"


def _document(key_id: bytes, findings: Sequence[Finding]) -> dict[str, object]:
    return {
        "schema": signer_check.SCHEMA,
        "key_id": key_id.hex(),
        "fit": all(finding.result is not Result.FAILED for finding in findings),
        "probes": [
            {
                "probe": finding.probe,
                "result": finding.result,
                "detail": finding.detail,
                "seconds": None if finding.seconds is None else round(finding.seconds, 3),
            }
            for finding in findings
        ],
    }


def _in_processes(
    args: argparse.Namespace,
    secrets: dict[str, bytes],
    requests: Sequence[Request],
    limit: float,
) -> list[Attempt]:
    """Asks for all signatures at once, with a signer in a process of its own each."""
    context = multiprocessing.get_context("spawn")
    processes, connections = [], []
    try:
        with _not_interrupted():
            for request in requests:
                ours, theirs = context.Pipe()
                process = context.Process(target=_sign, args=(theirs, args, secrets, request))
                process.start()
                theirs.close()
                processes.append(process)
                connections.append(ours)
        # All of them have a signer before one of them signs.
        early = [_received(each, limit) for each in connections]
        for connection, attempt in zip(connections, early, strict=True):
            if attempt is None:
                with contextlib.suppress(ConnectionError):
                    connection.send(None)
        return [
            attempt or _received(connection, limit) or _nothing("no answer")
            for connection, attempt in zip(connections, early, strict=True)
        ]
    finally:
        _end(processes)


def _end(processes: Sequence[SpawnProcess]) -> None:
    """Ends all of them, with the programs that they run."""
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + _END_SECONDS
    for process in processes:
        process.join(max(0, deadline - time.monotonic()))
        process.kill()
        process.join()


def _received(connection: "Connection[None, Attempt | None]", limit: float) -> Attempt | None:
    """A process's messages: None once it is ready, and then an attempt."""
    try:
        return connection.recv() if connection.poll(limit) else _nothing("no answer")
    except (EOFError, ConnectionError):
        return _nothing("the process that asked has crashed")


def _nothing(problem: str) -> Attempt:
    return Attempt(None, problem, declined=False, seconds=0)


def _sign(
    connection: "Connection[Attempt | None, None]",
    args: argparse.Namespace,
    secrets: dict[str, bytes],
    request: Request,
) -> None:
    """The process: opens the signer, says so, waits, and signs."""
    # As an exception, so that a program that it runs is ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        signer = signer_arguments.open_signer(args, secrets.__getitem__)
        connection.send(None)
        connection.recv()
        connection.send(signer_check.attempt(signer, request))
    except SoftwareUpdateError as error:
        connection.send(_nothing(with_advice(error)))
    except OSError as error:
        connection.send(_nothing(f"{error.filename}: {error.strerror}"))


@contextlib.contextmanager
def _not_interrupted() -> Iterator[None]:
    """Processes that are started here leave Ctrl-C to this one."""
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
