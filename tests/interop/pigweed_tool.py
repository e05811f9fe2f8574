"""Runs one of Pigweed's own tools, in a process in which there is none of our code: NAME ARGS...

`manifest IN OUT` writes the part of a device's Manifest that Pigweed's protobuf knows.
"""

import pathlib
import runpy
import sys


def _manifest(source: str, output: str) -> None:
    from pw_software_update.update_bundle_pb2 import Manifest

    manifest = Manifest.FromString(pathlib.Path(source).read_bytes())
    manifest.DiscardUnknownFields()
    pathlib.Path(output).write_bytes(manifest.SerializeToString(deterministic=True))


if __name__ == "__main__":
    del sys.argv[0]
    if sys.argv[0] == "manifest":
        _manifest(*sys.argv[1:])
    else:
        runpy.run_module(f"pw_software_update.{sys.argv[0]}", run_name="__main__", alter_sys=True)
