"""Publishers that are killed or stopped in the middle of a publication.

    python -m tests.serving.killed_publishers FOLDER PLACE [ENDPOINT]

makes a repository at PLACE, a folder or an address of S3, and reads commands, one JSON object a line:

    {"version": "1.2", "counter": 2}             publishes a release in a process of its own; answers its pid
    {..., "stop": 3, "how": "kill"}              ... that kills itself after its third step
    {..., "stop": 3, "how": "wait"}              ... that waits there until the file FOLDER/go is there
    {"wait": PID}                                answers how the process ended

A step is a write, sync or rename in a folder, and an object in S3. Each process writes the number of its
steps to FOLDER/steps at the end, and makes FOLDER/waiting before it waits.
"""

import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from software_update.repository.storage import Conflict
from software_update.repository.storages.address import Settings, storage_at
from software_update.repository.storages.s3 import S3Storage
from software_update.testing.repositories import Release, RepositoryFolder

DONE, FAILED, CONFLICT = 0, 1, 3
# As many as a channel can list: none moves to the archive.
KEPT = 32


class _Steps:
    """Counts the steps of this process, and stops at one of them."""

    def __init__(self, folder: Path, command: dict[str, Any]) -> None:
        self._folder = folder
        self._stop = command.get("stop")
        self._kill = command.get("how") == "kill"
        self.count = 0

    def after(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Returns a function that counts a step after its work."""

        def counted(*args: Any, **options: Any) -> Any:
            result = function(*args, **options)
            self._step()
            return result

        return counted

    def _step(self) -> None:
        self.count += 1
        if self.count != self._stop:
            return
        if self._kill:
            os.kill(os.getpid(), signal.SIGKILL)
        (self._folder / "waiting").touch()
        while not (self._folder / "go").exists():
            time.sleep(0.005)


def _publish(repository: RepositoryFolder, command: dict[str, Any]) -> int:
    steps = _Steps(repository.folder, command)
    if isinstance(repository.storage, S3Storage):
        # The connections of the process that made this one are not ours.
        vars(repository.storage).pop("_client", None)
        S3Storage._put = steps.after(S3Storage._put)  # type: ignore[method-assign]
    else:
        for name in ("write", "fsync", "replace"):
            setattr(os, name, steps.after(getattr(os, name)))
    try:
        repository.add(Release(command["version"], command["counter"]), kept=KEPT)
    except Conflict:
        return CONFLICT
    (repository.folder / "steps").write_text(str(steps.count))
    return DONE


def _start(repository: RepositoryFolder, command: dict[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        code = _publish(repository, command)
    except BaseException:
        traceback.print_exc()
        code = FAILED
    os._exit(code)


def main() -> None:
    """Runs the commands of standard input."""
    folder, place, *endpoint = sys.argv[1:]
    storage = storage_at(place, Settings(endpoint[0] if endpoint else None))
    repository = RepositoryFolder(Path(folder), now=int(time.time()), storage=storage)
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        command = json.loads(line)
        if "wait" in command:
            _, status = os.waitpid(command["wait"], 0)
            answer = os.waitstatus_to_exitcode(status)
        else:
            answer = _start(repository, command)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
