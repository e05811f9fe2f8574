"""Configurations of the client for tests."""

MINIMAL = """
vendor = "Example Lamps Ltd"

[domains.main]
root = "/usr/share/lamp/root.pb"
slots = ["A", "B"]
sources = [{type = "file", path = "/media/usb"}]
installers = [
    {type = "directory", targets = ["*"], slots = {A = "/data/a", B = "/data/b"}},
]
boot = {type = "directory", link = "/data/boot", slots = {A = "/data/a", B = "/data/b"}}
"""


def with_lines(*lines: str) -> str:
    """Returns the minimal configuration with further lines after it."""
    return MINIMAL + "\n".join(lines) + "\n"
