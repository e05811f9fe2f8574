"""The parts of a disk image for the factory, in a folder: a bundle, a root, a layout and a configuration."""

import json
from pathlib import Path
from typing import Any

from software_update.cli.dispatch import run_command
from software_update.format.claims import Claims
from software_update.format.release_manifest import ReleaseManifest, build_release
from software_update.testing import encode as e

MIB = 1 << 20
CONTENTS = {"app": b"application\n" * 1000, "rootfs": b"root file system\n" * 100}
_STATE = "/var/lib/software_update"
_PROGRAMS = ("debugfs", "mcopy", "mke2fs", "mkfs.fat", "mmd")


class ImageParts:
    """The parts, and the command that makes the image of them.

    The release has the counter 2. Target `rootfs` fills the partition of a slot, and all others are files.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bundle = folder / "release.bundle"
        self.root = folder / "root.pb"
        self.config = folder / "client.toml"
        self.output = folder / "factory.img"
        self.report = folder / "factory.json"
        self.layout: dict[str, Any] = {
            "schema": "software_update.device_layout.v1",
            "partitions": [
                _partition("esp", "efi", "8 MiB", filesystem="fat", mount="/efi"),
                _partition("slot_a", "linux", "2 MiB", guid="0fc63daf-8483-4772-8e79-3d69d8477de5"),
                _partition("slot_b", "linux", "2 MiB", device="/dev/sda3"),
                _partition("state", "linux", "8 MiB", filesystem="ext4", mount=_STATE),
            ],
        }
        self.root.write_bytes(e.signed(e.root(), e.ROOT_KEY))
        self.write_bundle()
        self.configure()

    def write_bundle(
        self,
        counter: int = 2,
        hardware_ids: tuple[str, ...] = ("gateway-1",),
        claims: Claims | None = None,
        **contents: bytes,
    ) -> Path:
        """Writes the bundle of a release, whose targets metadata has the counter as its version."""
        manifest = ReleaseManifest(
            product="gateway", version=f"1.{counter}", counter=counter, hardware_ids=hardware_ids
        )
        payloads = {**CONTENTS, **contents}
        payloads["user_manifest"] = build_release(manifest, claims or Claims())
        self.bundle.write_bytes(e.bundle(payloads, version=counter))
        return self.bundle

    def configure(self, *lines: str, head: str = 'hardware_id = "gateway-1"') -> None:
        """Writes the configuration. `lines` are further options of the domain and tables after it."""
        text = f"""
vendor = "Example Gateways Ltd"
state = "{_STATE}"
built = "2031-01-01T00:00:00Z"
{head}

[policy]
preset = "auto-security"

[domains.system]
root = "/usr/share/software_update/root.pb"
slots = ["a", "b"]
sources = [{{type = "folder", path = "/media"}}]
installers = [
    {{type = "raw", targets = ["rootfs"], slots = {{a = "/dev/disk/by-partlabel/slot_a", b = "/dev/sda3"}}}},
    {{type = "directory", targets = ["*"], slots = {{a = "/efi/a", b = "/efi/b"}}}},
]
boot = {{type = "systemd-boot", entries = "/efi/loader/entries", names = {{a = "fw-a", b = "fw-b"}}}}
"""
        self.config.write_text("\n".join([text, *lines, ""]), encoding="utf-8")

    def partition(self, name: str) -> dict[str, str]:
        """Returns a partition of the layout, which the caller may change."""
        found: dict[str, str] = next(
            each for each in self.layout["partitions"] if each["name"] == name
        )
        return found

    def create(self, *arguments: str, programs: str | None = None) -> int:
        """Makes the image with the command, and returns its exit code.

        `programs` is a program that replaces all those that make file systems.
        """
        layout = self.folder / "layout.json"
        layout.write_text(json.dumps(self.layout), encoding="utf-8")
        if programs is not None:
            lines = "".join(f"{name}=/bin/{programs}\n" for name in _PROGRAMS)
            (self.folder / "programs.txt").write_text(f"# fakes\n{lines}", encoding="utf-8")
            arguments = (f"--programs={self.folder / 'programs.txt'}", *arguments)
        return run_command(
            [
                *("device", "image", f"--bundle={self.bundle}", f"--trusted-root={self.root}"),
                *(f"--layout={layout}", f"--configuration={self.config}"),
                *(f"--output={self.output}", f"--report={self.report}", *arguments),
            ]
        )

    def document(self) -> dict[str, Any]:
        """Returns the report about the image that was made last."""
        found: dict[str, Any] = json.loads(self.report.read_text(encoding="utf-8"))
        return found

    def content(self, partition: str) -> bytes:
        """Returns the bytes of a partition in the image."""
        for each in self.document()["partitions"]:
            if each["name"] == partition:
                with self.output.open("rb") as file:
                    file.seek(each["offset"])
                    return file.read(each["size"])
        raise KeyError(partition)


def _partition(name: str, kind: str, size: str, **more: str) -> dict[str, str]:
    return {"name": name, "type": kind, "size": size, **more}
