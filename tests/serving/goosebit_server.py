"""Runs goosebit, a server of hawkBit's API for devices, on loopback. Called as: FOLDER BUNDLE VERSION.

It makes a new database in FOLDER, in which BUNDLE is rolled out to all devices, and prints the port when it
serves. goosebit's own command would listen to the network, and it takes only uploads of other formats.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import socket
import sys
from pathlib import Path


def main(folder: str, bundle: str, version: str) -> None:
    os.environ |= {
        "GOOSEBIT_DB_URI": f"sqlite:///{folder}/goosebit.sqlite3",
        "GOOSEBIT_ARTIFACTS_DIR": f"{folder}/artifacts",
        # Longer than the client may wait, so that its limit counts.
        "GOOSEBIT_POLL_TIME": "48:00:00",
        # The first token of a device is kept, and demanded from then on.
        "GOOSEBIT_DEVICE_AUTH": '{"enable": true, "mode": "setup"}',
        "HOME": folder,
    }
    # They read the variables.
    import uvicorn
    from goosebit import app

    asyncio.run(_make_database(Path(bundle), version))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        print(listening.getsockname()[1], flush=True)
        uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listening])


async def _make_database(bundle: Path, version: str) -> None:
    import goosebit.db
    from aerich import Command
    from goosebit.db.config import TORTOISE_CONF
    from goosebit.db.models import Hardware, Rollout, Software

    migrations = Path(goosebit.db.__file__).parent / "migrations"
    async with Command(tortoise_config=TORTOISE_CONF, location=str(migrations)) as command:
        await command.upgrade()
        content = bundle.read_bytes()
        software = await Software.create(
            uri=bundle.resolve().as_uri(),
            size=len(content),
            hash=hashlib.sha1(content).hexdigest(),
            version=version,
        )
        hardware = await Hardware.create(model="default", revision="default")
        await software.compatibility.add(hardware)
        await Rollout.create(software=software, feed="default")


if __name__ == "__main__":
    main(*sys.argv[1:])
