"""Tests of consent that is forwarded to a microcontroller."""

import pytest

from software_update.client.consenting_smp import ConsentingSmp
from software_update.client.smp import ConsentNeeded, DeviceQuestion, SmpError
from software_update.testing.mcuboot import ROOT_IN_FORCE, FakeMicrocontroller, hash_of, image

OLD, NEW = image(b"old"), image(b"new", 2)


def consenting(mcu: FakeMicrocontroller) -> ConsentingSmp:
    return ConsentingSmp(mcu, hash_of)


def test_each_question_about_the_release_is_answered() -> None:
    mcu = FakeMicrocontroller(OLD)
    smp = consenting(mcu)
    smp.upload(0, NEW)
    smp.test(hash_of(NEW))
    smp.reset()
    smp.confirm(hash_of(NEW))
    smp.erase()
    assert [each.hash for each in smp.images()] == [hash_of(NEW)]
    release = hash_of(NEW)
    assert mcu.approved == tuple(DeviceQuestion(release, ROOT_IN_FORCE, each) for each in (0, 2))


def test_question_about_another_release_is_not_answered() -> None:
    mcu = FakeMicrocontroller(OLD)
    smp = ConsentingSmp(mcu, lambda _: bytes(32))
    with pytest.raises(SmpError, match="waits for consent; it asks about another release"):
        smp.upload(0, NEW)
    assert (mcu.approved, mcu.secondary) == ((), b"")


def test_device_without_a_question_is_an_error() -> None:
    mcu = FakeMicrocontroller(OLD)
    mcu.question = lambda: None  # type: ignore[method-assign]
    with pytest.raises(SmpError, match="waits for consent"):
        consenting(mcu).upload(0, NEW)


def test_device_that_insists_on_its_own_answer_keeps_waiting() -> None:
    mcu = FakeMicrocontroller(OLD, insists=True)
    with pytest.raises(ConsentNeeded, match="takes no answer over the line"):
        consenting(mcu).upload(0, NEW)
    assert mcu.secondary == b""


def test_device_that_asks_forever_is_given_up() -> None:
    mcu = FakeMicrocontroller(OLD)
    mcu.approve = lambda question: None  # type: ignore[method-assign]
    with pytest.raises(ConsentNeeded, match="waits for consent"):
        consenting(mcu).upload(0, NEW)
