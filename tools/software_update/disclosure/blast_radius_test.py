"""Tests of the blast radius."""

from collections.abc import Mapping

from software_update.disclosure import blast_radius as module
from software_update.disclosure.blast_radius import (
    AreaChange,
    ComponentChange,
    Confinement,
    KeyChange,
    ThresholdChange,
    blast_radius,
    changed_targets,
)
from software_update.disclosure.disclosed import Disclosed
from software_update.format import metadata
from software_update.format.claims import Claims, Power, TargetClaim
from software_update.format.messages import Compression, Target
from software_update.format.release_manifest import ReleaseManifest
from software_update.testing import encode as e
from software_update.testing.examples import run_example
from software_update.testing.signers import (
    ROOT_KEY,
    TARGETS_KEY,
    TARGETS_KEY_2,
    key_id,
)

APP = TargetClaim("app", "radio firmware", "application", ("radio",), "mpu", True)
BOOT = TargetClaim("boot", "first stage", "boot_loader")
CONTENTS = {"app": b"1", "boot": b"1"}


def release(
    contents: Mapping[str, bytes] = CONTENTS,
    *claims: TargetClaim,
    root: bytes | None = None,
    manifest: ReleaseManifest | None = None,
) -> Disclosed:
    parsed = metadata.parse_root(root or e.root())
    return Disclosed(
        targets=metadata.parse_targets(e.targets(contents)),
        root=parsed,
        root_id=parsed.id,
        signers=(),
        user_manifest=None,
        manifest=manifest,
        claims=Claims(claims),
        payloads=(),
        is_bundle=True,
    )


OLD = release(CONTENTS, APP, BOOT)
NEW_APP = {**CONTENTS, "app": b"2"}


def test_same_release_has_no_effect() -> None:
    radius = blast_radius(OLD, OLD)
    assert radius.claimed_before
    assert (radius.keys, radius.thresholds) == ((), ())
    assert not any(each for name, each in radius._asdict().items() if name != "claimed_before")


def test_component_of_a_changed_target_changes() -> None:
    radius = blast_radius(OLD, release(NEW_APP, APP, BOOT))
    assert radius.components == (
        ComponentChange("radio firmware", "application", "changed", ("app",)),
    )
    assert radius.boot_loader_targets == ()


def test_components_are_added_and_removed() -> None:
    other = TargetClaim("app", "modem", "application")
    radius = blast_radius(OLD, release(NEW_APP, other, BOOT))
    assert radius.components == (
        ComponentChange("modem", "application", "added", ("app",)),
        ComponentChange("radio firmware", "application", "removed", ("app",)),
    )


def test_component_without_a_changed_target_can_be_renamed() -> None:
    other = APP._replace(component="modem")
    radius = blast_radius(OLD, release(CONTENTS, other, BOOT))
    assert [each.targets for each in radius.components] == [(), ()]


def test_powers_are_gained_by_a_component() -> None:
    strong = APP._replace(reach=("keys", "network", "radio"))
    radius = blast_radius(OLD, release(CONTENTS, strong, BOOT))
    assert radius.powers_gained == (
        Power("radio firmware", "keys"),
        Power("radio firmware", "network"),
    )
    assert blast_radius(release(CONTENTS, strong, BOOT), OLD).powers_gained == ()


def test_power_that_moves_between_targets_of_a_component_is_not_gained() -> None:
    moved = [APP._replace(reach=()), BOOT._replace(component="radio firmware", reach=("radio",))]
    assert blast_radius(OLD, release(CONTENTS, *moved)).powers_gained == ()


def test_another_component_gains_the_same_power() -> None:
    boot = BOOT._replace(reach=("radio",))
    radius = blast_radius(OLD, release(CONTENTS, APP, boot))
    assert radius.powers_gained == (Power("first stage", "radio"),)


def test_all_powers_are_gained_if_nothing_was_claimed_before() -> None:
    for old in (None, release()):
        radius = blast_radius(old, release(NEW_APP, APP))
        assert not radius.claimed_before
        assert radius.powers_gained == (Power("radio firmware", "radio"),)
    assert radius.components == (
        ComponentChange("radio firmware", "application", "changed", ("app",)),
    )


def test_confinement_and_area_change() -> None:
    free = APP._replace(confined_by=None, area="system")
    radius = blast_radius(OLD, release(CONTENTS, free, BOOT))
    assert radius.confinement == (Confinement("app", "mpu", "none"),)
    assert radius.areas == (AreaChange("app", "application", "system"),)


def test_application_release_that_touches_the_boot_loader() -> None:
    both = {"app": b"2", "boot": b"2"}
    assert blast_radius(OLD, release(both, APP, BOOT)).boot_loader_targets == ("boot",)


def test_release_of_the_boot_loader_only() -> None:
    only = {**CONTENTS, "boot": b"2"}
    assert blast_radius(OLD, release(only, APP, BOOT)).boot_loader_targets == ()


def test_boot_loader_that_the_new_release_calls_an_application() -> None:
    called = BOOT._replace(area="application")
    radius = blast_radius(OLD, release({**CONTENTS, "boot": b"2"}, APP, called))
    assert radius.boot_loader_targets == ("boot",)


def test_changed_targets_without_a_claim() -> None:
    radius = blast_radius(OLD, release({"boot": b"2", "new": b"", "user_manifest": b"3"}, BOOT))
    assert radius.unclaimed == ("new",)
    assert blast_radius(None, release()).unclaimed == ("app", "boot")


def test_claim_that_the_new_release_drops_leaves_its_target_without_a_claim() -> None:
    assert blast_radius(OLD, release(NEW_APP, BOOT)).unclaimed == ("app",)


def test_steps_that_cannot_be_undone() -> None:
    final = APP._replace(reversible=False)
    manifest = ReleaseManifest("p", "1.2", 3, reversible=False)
    root = e.root(2)
    new = release(NEW_APP, final, BOOT._replace(reversible=False), root=root, manifest=manifest)
    # The target boot does not change.
    expected = (("release", "1.2"), ("target", "app"), ("root", "2"))
    assert blast_radius(OLD, new).no_way_back == expected
    gone = release({"boot": b"1"}, final, BOOT)
    assert blast_radius(OLD, gone).no_way_back == ()


def test_keys_and_thresholds() -> None:
    root = e.root(2, targets_keys=[TARGETS_KEY_2], root_threshold=2, targets_threshold=3)
    radius = blast_radius(OLD, release(root=root))
    assert radius.keys is not None
    assert set(radius.keys) == {
        KeyChange("targets", key_id(TARGETS_KEY), "removed"),
        KeyChange("targets", key_id(TARGETS_KEY_2), "added"),
    }
    assert radius.thresholds == (ThresholdChange("root", 1, 2), ThresholdChange("targets", 1, 3))
    assert not [each for each in radius.keys if each.key_id == key_id(ROOT_KEY)]


def test_keys_are_not_compared_without_a_root() -> None:
    for old in (None, OLD._replace(root=None)):
        radius = blast_radius(old, release())
        assert (radius.keys, radius.thresholds) == (None, None)


def test_changed_targets() -> None:
    new = release({"boot": b"2", "new": b"", "user_manifest": b"3"})
    assert changed_targets(OLD, new) == ("app", "boot", "new")
    assert changed_targets(None, OLD) == ("app", "boot")


def test_target_that_is_compressed_now_does_not_change() -> None:
    sha256 = e.sha256(b"1")
    packed = Target.of("app", 5, e.sha256(b"other"), Compression(1, 1, sha256))
    targets = OLD.targets._replace(targets=(packed, *OLD.targets.targets[1:]))
    assert changed_targets(OLD, OLD._replace(targets=targets)) == ()


def test_example() -> None:
    run_example(module, old=OLD, new=release(CONTENTS, BOOT._replace(reach=("keys",))))
