"""Writes the files of a folder of cases."""

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path


def document(described: Sequence[Mapping[str, object]]) -> bytes:
    """Returns the content of `cases.json`, with one case a line."""
    lines = ",\n".join(json.dumps(each) for each in described)
    return f'{{"$schema": "../cases.schema.json", "cases": [\n{lines}\n]}}\n'.encode()


def write(folder: Path, made: Mapping[str, bytes], kept: Collection[str] = ()) -> None:
    """Writes the files by name, except those named in `kept`, and removes all other files."""
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        if old.name not in made:
            old.unlink()
    for name in made.keys() - set(kept):
        (folder / name).write_bytes(made[name])
