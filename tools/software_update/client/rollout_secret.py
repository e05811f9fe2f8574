"""The secret that decides a device's place in rollouts: 32 random bytes in a file of the client's folder.

The device makes it at its first start, so two devices with the same image have different places.
"""

from software_update.client.system import Clock, Storage
from software_update.format.rollout import SECRET_BYTES

NAME = "rollout-secret"


def read_secret(storage: Storage, folder: str, clock: Clock) -> bytes:
    """Returns the secret. Makes it, and puts it on the medium, if there is none or it is damaged."""
    path = f"{folder}/{NAME}"
    if storage.exists(path):
        secret = _content(storage, path)
        if len(secret) == SECRET_BYTES:
            # A client that was killed may not have put the name on the medium.
            storage.sync_folder(folder)
            return secret
    return _make(storage, folder, clock.random_bytes(SECRET_BYTES))


def _content(storage: Storage, path: str) -> bytes:
    file = storage.open(path)
    try:
        return file.read(0, SECRET_BYTES + 1)
    finally:
        file.close()


def _make(storage: Storage, folder: str, secret: bytes) -> bytes:
    beside = f"{folder}/{NAME}.new"
    file = storage.open_to_write(beside)
    try:
        storage.make_private(beside)
        file.truncate(0)
        file.write(0, secret)
        file.sync()
    finally:
        file.close()
    storage.rename(beside, f"{folder}/{NAME}")
    storage.sync_folder(folder)
    return secret
