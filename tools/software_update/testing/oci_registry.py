"""An OCI registry (docker-registry) that tests start on this machine."""

import contextlib
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from software_update.testing.s3_server import free_port

_SECONDS = 30
_CONFIGURATION = """\
version: 0.1
log: {{accesslog: {{disabled: true}}, level: error}}
storage: {{filesystem: {{rootdirectory: "{folder}/data"}}}}
http: {{addr: "127.0.0.1:{port}", secret: throw-away}}
"""
_AUTHENTICATION = 'auth: {{htpasswd: {{realm: registry, path: "{folder}/htpasswd"}}}}\n'
# A throw-away account: user `publisher`, password `throw-away`.
USER, PASSWORD = "publisher", "throw-away"
_HTPASSWD = "publisher:$2a$04$U6kuYe5gHz4XhVxI0YPGkOe4YdSsVDEucqrrI9tXg9JiNSkauoQ1.\n"


@contextlib.contextmanager
def oci_registry(folder: Path, *, account: bool = False) -> Iterator[int]:
    """Starts a registry, and yields its port when it answers. `account`: only USER may use it."""
    port = free_port()
    text = _CONFIGURATION + (_AUTHENTICATION if account else "")
    (folder / "registry.yml").write_text(text.format(folder=folder, port=port))
    (folder / "htpasswd").write_text(_HTPASSWD)
    found = shutil.which("docker-registry", path=f"{os.environ.get('PATH', os.defpath)}:/usr/bin")
    assert found, (
        "docker-registry is missing; install it (Debian: apt-get install docker-registry), "
        "or use tools/workshop/bazel/add_packages"
    )
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [found, "serve", str(folder / "registry.yml")],
            stdout=log,
            stderr=log,
            env={"PATH": os.defpath, "OTEL_TRACES_EXPORTER": "none"},
        )
    try:
        deadline = time.monotonic() + _SECONDS
        while not _answers(port):
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline, (folder / "log").read_text()
            time.sleep(0.05)
        yield port
    finally:
        process.kill()
        process.wait()


def _answers(port: int) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(f"http://127.0.0.1:{port}/v2/", timeout=5).close()
    except urllib.error.HTTPError as error:
        return error.code == 401
    except OSError:
        return False
    return True
