"""Tests that the boot control in the porting guide keeps all rules of its interface."""

import json
import re
from pathlib import Path
from typing import Any

from software_update.client.boot_check import check_boot
from software_update.client.boot_control import BootControl
from software_update.testing.memory_storage import MemoryStorage

PAGE = Path("docs/guides/porting_client.md").read_text(encoding="utf-8")
SLOTS = "/boot/slots.json"
CODE, CHECK = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def lamp() -> tuple[MemoryStorage, dict[str, Any]]:
    """Returns a device that runs slot A, and the names that the guide's code defines."""
    storage = MemoryStorage()
    storage.make_folder("/boot")
    good = {"primary": "A", "good": ["A"], "tried": "", "left": 0}
    storage.put(SLOTS, json.dumps(good).encode())
    names: dict[str, Any] = {}
    exec(compile(CODE, "porting_client.md", "exec"), names)
    return storage, names


def started(storage: MemoryStorage) -> str:
    """Returns the slot that the boot loader starts."""
    found = json.loads(storage.content(SLOTS))
    if not found["left"]:
        return str(found["primary"])
    found["left"] -= 1
    storage.put(SLOTS, json.dumps(found).encode())
    return str(found["tried"])


def broken(code: str = CODE) -> dict[str, str]:
    """Returns the rules that the boot control of this code breaks."""
    storage, names = lamp()
    exec(compile(code, "porting_client.md", "exec"), names)

    def restart() -> BootControl:
        made: BootControl = names["LampBoot"](storage, started(storage))
        return made

    found = check_boot(names["LampBoot"](storage, "A"), "B", restart)
    return {each.rule: each.problem for each in found if each.problem}


def test_boot_control_of_the_guide_keeps_all_rules() -> None:
    assert broken() == {}


def test_boot_control_that_confirms_any_slot_is_found() -> None:
    wrong = CODE.replace("if slot != self._booted:", "if False:")
    assert list(broken(wrong)) == ["a slot that does not run cannot be confirmed"]


def test_check_of_the_guide_runs(capsys: Any) -> None:
    storage, names = lamp()
    names |= {
        "storage": storage,
        "restart": lambda: names["LampBoot"](storage, started(storage)),
    }
    exec(compile(CHECK, "porting_client.md", "exec"), names)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 15
    assert all(line.endswith(" - ok") for line in lines)


def test_example_has_about_fifty_lines() -> None:
    body = CODE[CODE.index("class LampBoot") :].splitlines()
    assert len([line for line in body if line.strip()]) <= 55
