"""Tests of slot_check.py: hashes, and the root hash of dm-verity."""

from collections.abc import Sequence

import pytest

from software_update.client.domain import StartCheck, Verity
from software_update.client.slot_check import Checked, check_slot, running_root_hash
from software_update.client.staging import PlanFailed
from software_update.client.state import Code
from software_update.client.system import ProgramResult
from software_update.format.metadata import Targets, parse_signed_targets
from software_update.testing import encode as e
from software_update.testing.fake_device import FakeDevice

HASH, OTHER = "5f" * 32, "6a" * 32
CONTENTS = {"app": b"application", "boot": f"{HASH}\n".encode()}
VERITY = Verity(("a*",), "boot", file="/cmdline")


def targets(contents: dict[str, bytes]) -> Targets:
    return parse_signed_targets(e.signed(e.targets(contents, 1), e.TARGETS_KEY))[1]


def device(contents: dict[str, bytes], running: str = f"quiet roothash={HASH} ro") -> FakeDevice:
    made = FakeDevice()
    for name, content in contents.items():
        made.storage.put(f"/slots/{name}_A", content)
    made.storage.put("/cmdline", running.encode())
    return made


def check(made: FakeDevice, start_check: StartCheck | None, listed: dict[str, bytes]) -> Checked:
    domain = made.domain(start_check=start_check)
    return check_slot(made.system, domain, "A", targets(listed), lambda _: None)


def problem(made: FakeDevice, verity: Verity = VERITY, listed: dict[str, bytes] = CONTENTS) -> str:
    with pytest.raises(PlanFailed) as caught:
        check(made, StartCheck(verity=verity), listed)
    assert caught.value.code == Code.SLOT_DAMAGED
    return str(caught.value)


@pytest.mark.parametrize("start_check", [None, StartCheck(), StartCheck(leaves=True)])
def test_all_targets_are_hashed_without_verity(start_check: StartCheck | None) -> None:
    assert check(device(CONTENTS), start_check, CONTENTS) == Checked(("app", "boot"), ())
    with pytest.raises(PlanFailed, match="target 'app' reads back differently") as caught:
        check(device({**CONTENTS, "app": b"Application"}), start_check, CONTENTS)
    assert caught.value.code == Code.SLOT_DAMAGED


def test_verity_compares_the_root_hash_and_reads_only_the_rest() -> None:
    made = device({**CONTENTS, "app": b"not read"})
    assert check(made, StartCheck(verity=VERITY), CONTENTS) == Checked(("app", "boot"), ("app",))


def test_kernel_with_another_root_hash() -> None:
    assert "dm-verity was set up with the root hash 6a6a6a6a6a6a6a6a..." in problem(
        device(CONTENTS, f"roothash={OTHER}")
    )


@pytest.mark.parametrize("text", ["quiet ro", "", "roothash=", "roothash=nothex", "roothash=5f"])
def test_kernel_without_a_root_hash(text: str) -> None:
    assert "/cmdline has no root hash; start the slot through dm-verity" in problem(
        device(CONTENTS, text)
    )


def test_file_of_the_root_hash_is_missing() -> None:
    made = device(CONTENTS)
    made.storage.remove("/cmdline")
    assert "/cmdline" in problem(made)


def test_root_hash_in_the_slot_is_hashed_too() -> None:
    """Otherwise a damaged slot could bring the root hash of its damage."""
    made = device({**CONTENTS, "boot": f"{OTHER}\n".encode()}, f"roothash={OTHER}")
    assert "target 'boot' reads back differently" in problem(made)
    assert "target 'boot' reads back differently" in problem(
        made, Verity(("*",), "boot", "/cmdline")
    )


@pytest.mark.parametrize("content", [b"text", b"", b"5f" * 300])
def test_target_that_is_not_a_root_hash(content: bytes) -> None:
    listed = {**CONTENTS, "boot": content}
    assert "is not a root hash in hexadecimal" in problem(device(listed), listed=listed)


def test_release_without_the_target() -> None:
    listed = {"app": b"application"}
    assert "has no target 'boot' with a root hash" in problem(device(CONTENTS), listed=listed)


def test_program_prints_the_root_hash() -> None:
    made = device(CONTENTS)
    results = [
        ProgramResult(0, f"/dev/mapper/usr is active.\n  root hash:  {HASH}\n".encode(), b""),
        ProgramResult(0, f"{HASH.upper()}\n".encode(), b""),
        ProgramResult(1, HASH.encode(), b"no device"),
    ]

    def status(argv: Sequence[str], stdin: bytes) -> ProgramResult:
        return results.pop(0)

    made.programs.programs = {"veritysetup": status}
    verity = Verity(("app",), "boot", program=("veritysetup", "status", "usr"))
    for _ in range(2):
        assert check(made, StartCheck(verity=verity), CONTENTS).by_verity == ("app",)
    assert "the output of veritysetup has no root hash" in problem(made, verity)


def test_different_root_hashes_are_none() -> None:
    assert running_root_hash(f"roothash={HASH} x=roothash={OTHER}") is None
    assert running_root_hash(f"roothash={HASH} roothash={HASH.upper()}") == HASH
    assert running_root_hash(f"usrroothash={OTHER} roothash={HASH}") == HASH
