"""A witness behind HTTP on loopback (c2sp.org/tlog-witness), which cosigns only logs that grow."""

import base64
import contextlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from software_update.testing.memory_log import COSIGNED, MemoryWitness
from software_update.transparency.checkpoint import parse_checkpoint
from software_update.transparency.merkle import EMPTY_ROOT, is_consistent
from software_update.transparency.note import parse_note, parse_vkey


class WitnessServer(MemoryWitness):
    """A witness of the log whose key `vkey` returns when the log asks.

    `seen` are the size and the root that it cosigned last. It cosigns at `time`, in seconds since 1970.
    """

    def __init__(self, vkey: Callable[[], str]) -> None:
        super().__init__()
        self._vkey = vkey
        self.seen = (0, EMPTY_ROOT)
        self.url = ""
        self.time = COSIGNED

    def answer(self, body: bytes) -> tuple[int, bytes]:
        """Returns the status and the body of the answer to a request."""
        head, _, content = body.partition(b"\n\n")
        old, *hashes = head.decode().split("\n")
        note = parse_note(content)
        checkpoint, log = parse_checkpoint(note.text), parse_vkey(self._vkey().strip())
        if not any(
            log.signs(each) and log.verifies(each.signature, note.text) for each in note.signatures
        ):
            return 403, b"unknown key\n"
        if old != f"old {self.seen[0]}":
            return 409, b"%d\n" % self.seen[0]
        proof = [base64.b64decode(each) for each in hashes]
        if not is_consistent(*self.seen, checkpoint.size, checkpoint.root, proof):
            return 422, b"not consistent\n"
        self.seen = (checkpoint.size, checkpoint.root)
        return 200, self.cosign(note.text, self.time)


@contextlib.contextmanager
def serving(vkey: Callable[[], str]) -> Iterator[WitnessServer]:
    """Serves a witness of a log until the context ends."""
    witness = WitnessServer(vkey)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, answer = (
                witness.answer(body) if self.path == "/w/add-checkpoint" else (404, b"no\n")
            )
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    witness.url = f"http://127.0.0.1:{server.server_address[1]}/w"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield witness
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
