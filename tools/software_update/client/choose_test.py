"""Tests of the choice of a release."""

from dataclasses import replace

import pytest

from software_update.client.choose import MAX_LATER_STEPS, Choice, Device, choose
from software_update.client.repository import Listed, Versions, View
from software_update.client.state import Code, Installed
from software_update.format.catalog import CatalogEntry
from software_update.format.rollout import Band, Rollout, place

SECRET = bytes(range(32))
NOW = 1000


def digest(counter: int) -> str:
    return f"{counter:064x}"


def listed(
    counter: int, minimum: int | None = None, length: int = 100, **changes: object
) -> Listed:
    entry = CatalogEntry(
        "lamp", f"v{counter}", counter, digest(counter), 50, minimum_counter=minimum
    )
    entry = entry._replace(**changes)  # type: ignore[arg-type]
    return Listed(f"lamp/stable/{counter}-{entry.base[-4:]}.bundle", length, "", entry)


def to_all(*counters: int) -> dict[str, Rollout]:
    return {digest(each): Rollout(digest(each), (Band(100, NOW),)) for each in counters}


def view(*bundles: Listed, rollouts: dict[str, Rollout] | None = None) -> View:
    everyone = to_all(*(each.entry.counter for each in bundles))
    return View(Versions(), bundles, everyone if rollouts is None else rollouts)


def installed(counter: int | None) -> Installed:
    return Installed("m" * 64, digest(counter or 0), f"v{counter}", counter, 1)


def device(running: int | None = 1, floor: int | None = None, **changes: object) -> Device:
    runs = None if running is None else installed(running)
    lowest = runs if floor is None else installed(floor)
    made = Device("lamp", None, runs, lowest, SECRET, NOW)
    return replace(made, **changes)  # type: ignore[arg-type]


def way(choice: Choice) -> list[int]:
    return [each.entry.counter for each in choice.steps]


def test_newest_release_is_chosen() -> None:
    assert way(choose(view(listed(2), listed(4), listed(3)), device())) == [4]


def test_device_without_newer_release_has_nothing_to_choose() -> None:
    assert choose(view(listed(1), listed(2)), device(2)) == Choice(())
    assert choose(view(), device()) == Choice(())


def test_release_of_another_hardware_or_product_is_ignored() -> None:
    for_x = listed(2, hardware_ids=("x",))
    assert way(choose(view(for_x), device(hardware_id="x"))) == [2]
    assert way(choose(view(for_x), device(hardware_id=None))) == [2]
    assert choose(view(for_x), device(hardware_id="y")) == Choice(())
    assert choose(view(listed(2, product="radio")), device()) == Choice(())


def test_way_goes_over_stepping_stones() -> None:
    bundles = [
        listed(9, minimum=6),
        listed(4),
        listed(6, minimum=4),
        listed(2),
        listed(8, minimum=7),
    ]
    choice = choose(view(*bundles), device(1))
    assert way(choice) == [4, 6, 9]
    assert choice.later_versions == ("v6", "v9")
    assert way(choose(view(*bundles), device(6))) == [9]


def test_way_takes_the_fewest_steps() -> None:
    bundles = [listed(n, minimum=(n + 1) // 2) for n in range(2, 33)]
    assert way(choose(view(*bundles), device(1))) == [2, 4, 8, 16, 32]


def test_long_way_is_shortened_in_the_middle() -> None:
    bundles = [listed(n, minimum=n - 1) for n in range(2, 20)]
    later = choose(view(*bundles), device(1)).later_versions
    assert len(later) == MAX_LATER_STEPS
    assert (later[0], later[-1]) == ("v3", "v19")


def test_release_without_a_way_is_named() -> None:
    choice = choose(view(listed(9, minimum=6), listed(7, minimum=6)), device(1))
    assert (choice.steps, choice.code) == ((), Code.NO_STEPPING_STONE)
    assert choice.text.startswith("version v9 needs release counter 6 before it")


def test_nearer_release_is_installed_if_no_way_leads_to_the_newest() -> None:
    assert way(choose(view(listed(9, minimum=6), listed(5)), device(1))) == [5]


@pytest.mark.parametrize("floor", [None, installed(None)])
def test_device_with_an_unknown_release_takes_the_newest(floor: Installed | None) -> None:
    unknown = replace(device(None), floor=floor)
    assert way(choose(view(listed(2), listed(0)), unknown)) == [2]
    # As for the verifier: a device that knows no release has no lowest one.
    expected = [9] if floor is None else []
    assert way(choose(view(listed(9, minimum=6)), unknown)) == expected


def test_device_that_fell_below_its_floor_returns_to_it() -> None:
    bundles = view(listed(1), listed(2), listed(3))
    assert way(choose(bundles, device(1, floor=3))) == [3]
    assert choose(bundles, device(3, floor=3)) == Choice(())


def test_release_with_the_same_counter_is_not_newer() -> None:
    twin = listed(2, release="f" * 64)
    rules = {"f" * 64: Rollout("f" * 64, (Band(100, NOW),))}
    assert choose(view(twin, rollouts=rules), device(2)) == Choice(())


# Personalized bundles.


def test_smallest_bundle_for_the_running_release_is_chosen() -> None:
    full, small = listed(2, length=100), listed(2, length=10, base=digest(1))
    other = listed(2, length=1, base=digest(7))
    assert choose(view(full, other, small), device(1)).steps == (small,)
    assert choose(view(full, other, small), device(None)).steps == (full,)
    large = replace(small, length=101)
    assert choose(view(large, full), device(1)).steps == (full,)


def test_after_a_failure_only_a_full_bundle_is_chosen() -> None:
    full, small = listed(2, length=100), listed(2, length=10, base=digest(1))
    failed = device(1, failures={digest(2): 1})
    assert choose(view(full, small), failed).steps == (full,)
    choice = choose(view(small), failed)
    assert (choice.steps, choice.code) == ((), Code.NO_STEPPING_STONE)


def test_later_steps_take_bundles_for_the_step_before() -> None:
    last = listed(3, minimum=2, length=10, base=digest(2))
    assert choose(view(listed(2), last), device(1)).steps == (listed(2), last)


# Rollouts.


def reason(choice: Choice) -> tuple[tuple[Listed, ...], Code | None]:
    return choice.steps, choice.code


def rules(counter: int, percent: int, begins: int = NOW, **changes: object) -> dict[str, Rollout]:
    made = Rollout(digest(counter), (Band(percent, begins),))
    return {digest(counter): made._replace(**changes)}  # type: ignore[arg-type]


def test_release_without_rules_needs_a_person() -> None:
    only = view(listed(2), rollouts={})
    assert reason(choose(only, device())) == ((), Code.NOT_ROLLED_OUT)
    assert way(choose(only, device(by_person=True))) == [2]


def test_device_waits_for_its_band() -> None:
    percent = place(SECRET, digest(2)) * 100 // 2**32 + 1
    before, at = rules(2, percent - 1), rules(2, percent)
    assert reason(choose(view(listed(2), rollouts=before), device())) == (
        (),
        Code.WAITING_FOR_ROLLOUT,
    )
    assert way(choose(view(listed(2), rollouts=at), device())) == [2]
    assert way(choose(view(listed(2), rollouts=before), device(by_person=True))) == [2]
    later = view(listed(2), rollouts=rules(2, 100, NOW + 1))
    assert reason(choose(later, device())) == ((), Code.WAITING_FOR_ROLLOUT)
    assert way(choose(later, device(at=NOW + 1))) == [2]


def test_halted_release_is_for_no_person() -> None:
    halted = view(listed(2), rollouts=rules(2, 100, halted=True, reason="it\x1bblinks"))
    for by_person in (False, True):
        choice = choose(halted, device(by_person=by_person))
        assert reason(choice) == ((), Code.HALTED)
        assert choice.text == r"version v2 was halted by its publisher: it\x1bblinks"
    halted = view(listed(2), rollouts=rules(2, 100, halted=True))
    assert choose(halted, device()).text == "version v2 was halted by its publisher"


def test_older_release_is_installed_while_the_newest_is_held_back() -> None:
    held = {**to_all(2), **rules(3, 100, halted=True)}
    assert way(choose(view(listed(2), listed(3), rollouts=held), device(1))) == [2]
    assert reason(choose(view(listed(2), listed(3), rollouts=held), device(2))) == ((), Code.HALTED)


def test_way_does_not_lead_over_a_halted_stepping_stone() -> None:
    held = {**to_all(3), **rules(2, 100, halted=True)}
    bundles = view(listed(2), listed(3, minimum=2), rollouts=held)
    assert reason(choose(bundles, device(1))) == ((), Code.NO_STEPPING_STONE)


def test_quarantined_release_is_left_out() -> None:
    failed = device(1, failures={digest(3): 3})
    assert way(choose(view(listed(3), listed(2)), failed)) == [2]
    choice = choose(view(listed(3)), failed)
    assert reason(choice) == ((), Code.QUARANTINED)
    assert choice.text.startswith("version v3 failed 3 times on this device; clear it")


def test_path_that_the_record_has_no_room_for_is_left_out() -> None:
    long = replace(listed(3), path="p" * 257)
    assert way(choose(view(long, listed(2)), device())) == [2]
    assert way(choose(view(replace(long, path="p" * 256)), device())) == [3]


def test_texts_of_a_catalog_do_not_reach_a_terminal() -> None:
    choice = choose(view(listed(9, minimum=6, version="\x1b[2J" + "v" * 200)), device(1))
    assert "\x1b" not in choice.text
    assert len(choice.text) < 240
