"""A root key ceremony, played: five people have a root key each, and three of them must sign."""

import itertools
import json
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from software_update.format.verdicts import Verdict
from software_update.testing import encode as e
from software_update.testing import workspace
from software_update.testing.command import Result, call, done, failed
from software_update.testing.judge import refusal_of
from software_update.testing.signers import TARGETS_KEY, key_id, write_keys

ANNA, BEN, CHLOE, DAN, EVA, FINN, MALLORY = range(21, 28)
FIVE = (ANNA, BEN, CHLOE, DAN, EVA)
# Eva leaves, and Finn comes.
NEXT_FIVE = (ANNA, BEN, CHLOE, DAN, FINN)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A folder with the first root, and the request that all holders sign.

    For the test it also has all holders' keys.
    """
    table = tmp_path / "the table"
    table.mkdir()
    write_keys(table, **{str(each): each for each in (*FIVE, FINN, MALLORY, TARGETS_KEY)})
    (table / "roots").mkdir()
    create(table, "root.pb", 1, FIVE)
    done("root", "request", table / "root.pb", "-o", table / "request")
    return table


def create(table: Path, out: str, version: int, holders: Iterable[int], *more: str) -> None:
    """Makes root metadata that three of `holders` must sign."""
    keys = [f"--root-key={table}/{each}.pem.pub" for each in holders]
    done(
        *("root", "create", f"--version={version}", *keys, "--root-threshold=3"),
        *(f"--targets-key={table}/{TARGETS_KEY}.pem.pub", "-o", f"{table}/{out}", *more),
    )


def sign_args(table: Path, holder: int, out: Path, request: str = "request") -> list[str]:
    return ["sign", f"{table}/{request}", f"--key=file:{table}/{holder}.pem", "-o", f"{out}"]


def sign(table: Path, holder: int, request: str = "request") -> Path:
    """The signature that a holder brings back."""
    path = table / f"{request}.{holder}.json"
    done(*sign_args(table, holder, path, request))
    return path


def step_attach(table: Path, files: Iterable[Path], *more: str, request: str = "request") -> Result:
    """Makes step.pb from the signatures, as a build does."""
    args = ["step", "attach", "--role=root", f"--metadata={table}/{request}", *more]
    return call(*args, "--signature", *files, "-o", table / "step.pb")


def sign_all(table: Path, holders: Iterable[int], request: str = "request") -> list[Path]:
    return [sign(table, each, request) for each in holders]


def merge(table: Path, files: Iterable[Path], *more: str, to: str = "root.pb") -> bytes:
    """The root with the signatures in `files`."""
    out = table / "merged.pb"
    done("root", "merge", table / to, "--signature", *files, "-o", out, *more)
    return out.read_bytes()


def refusal(table: Path, status: int, *files: Path) -> str:
    """Returns the error of root merge for files that it rejects; it writes nothing."""
    before = workspace.snapshot(table)
    text = failed(status, "root", "merge", table / "root.pb", "--signature", *files)
    assert workspace.snapshot(table) == before
    return text


def verdict_of(root: bytes, trusted: bytes) -> Verdict:
    """Returns the verdict of a device with the root `trusted` on a bundle under `root`."""
    return refusal_of(e.bundle({"app": b"x"}, signed_root=root), trusted=trusted)[0]


def publish(table: Path, root: bytes) -> list[str]:
    (table / "to publish.pb").write_bytes(root)
    return ["root", "publish", f"{table}/to publish.pb", f"{table}/roots"]


def ids(*holders: int) -> list[str]:
    return sorted(key_id(each).hex() for each in holders)


# The first root


def test_any_three_suffice(table: Path) -> None:
    files = dict(zip(FIVE, sign_all(table, FIVE), strict=True))
    for three in itertools.combinations(FIVE, 3):
        root = merge(table, [files[each] for each in three])
        done("root", "check", table / "merged.pb", "--require-complete")
        assert verdict_of(root, root) == Verdict.ACCEPT
        assert step_attach(table, [files[each] for each in three]).status == 0
        assert (table / "step.pb").read_bytes() == root
    done(*publish(table, root))
    assert (table / "roots/1.root.pb").read_bytes() == root


def test_two_do_not(table: Path) -> None:
    files = dict(zip(FIVE, sign_all(table, FIVE), strict=True))
    for two in itertools.combinations(FIVE, 2):
        root = merge(table, [files[each] for each in two])
        text = failed(1, *publish(table, root))
        assert text.startswith(f"THRESHOLD_NOT_MET: {table}/to publish.pb: 1 more of its own keys")
        assert verdict_of(root, root) == Verdict.THRESHOLD_NOT_MET
    assert not [*(table / "roots").iterdir()]


def test_signed_keys_are_listed(table: Path) -> None:
    args = ["root", "merge", f"{table}/root.pb", "--signature"]
    signed, missing = ids(ANNA, EVA), ids(BEN, CHLOE, DAN)
    assert done(*args, *sign_all(table, (EVA, ANNA))).out.splitlines()[2:] == [
        "  its own keys: 2 signed, 3 must",
        *(f"    signed: {each}" for each in signed),
        *(f"    not signed: {each}" for each in missing),
        "  not checked: expiry: the verification of a bundle checks it",
        "  incomplete: 1 more of its own keys must sign",
    ]
    assert done(*args, sign(table, DAN)).out.endswith("  complete\n")


def test_every_order_gives_the_same_bytes(table: Path) -> None:
    files = sign_all(table, (ANNA, CHLOE, EVA))
    expected = merge(table, files)
    for order in itertools.permutations(files):
        # One by one, into the same file.
        create(table, "growing.pb", 1, FIVE)
        for each in order:
            done("root", "merge", table / "growing.pb", "--signature", each)
        assert (table / "growing.pb").read_bytes() == expected
        # One, then the rest, and one of them again.
        assert merge(table, order[1:], to="growing.pb") == expected
        assert merge(table, [*order, order[0]]) == expected
    # And as root sign does it.
    keys = [table / f"{each}.pem" for each in (EVA, ANNA, CHLOE)]
    done("root", "sign", table / "root.pb", "--dev-signing-key", *keys)
    assert (table / "root.pb").read_bytes() == expected


def test_two_signatures_of_one_person_count_once(table: Path) -> None:
    """Signatures differ from time to time where they are not deterministic: tokens make such ones."""
    files = sign_all(table, (ANNA, BEN))
    document = json.loads(files[0].read_text())
    document["signature"] = other_signature(ANNA, (table / "request").read_bytes()).hex()
    again = table / "again.json"
    again.write_text(json.dumps(document))
    one = merge(table, [*files, again])
    assert one == merge(table, [again, *reversed(files)])
    (table / "two.pb").write_bytes(merge(table, [again]))
    assert merge(table, files, to="two.pb") == one
    assert json.loads(done("root", "inspect", table / "merged.pb", "--json").out)[
        "signatures"
    ] == ids(ANNA, BEN)
    assert "1 more of its own keys must sign" in failed(1, *publish(table, one))


def other_signature(holder: int, data: bytes) -> bytes:
    key = ec.derive_private_key(holder, ec.SECP256R1())
    r, s = utils.decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


@pytest.mark.parametrize("holder", [MALLORY, FINN, TARGETS_KEY])
def test_signature_of_a_stranger_is_rejected(table: Path, holder: int) -> None:
    args = sign_args(table, holder, table / "s.json")
    result = call(*args)
    assert (result.status, (table / "s.json").exists()) == (3, False)
    assert "not a key that" in result.err
    # Without the JSON next to it, a signer cannot know.
    (table / "request.json").unlink()
    done(*args)
    text = refusal(table, 1, *sign_all(table, (ANNA, BEN, CHLOE)), table / "s.json")
    assert text == (
        f"{table}/s.json: signed by key {key_id(holder).hex()[:16]}, which may not sign this; "
        "remove it"
    )


def test_signature_of_an_earlier_draft_is_rejected(table: Path) -> None:
    create(table, "draft.pb", 1, FIVE, "--expires=2031-01-01T00:00:00Z")
    done("root", "request", table / "draft.pb", "-o", table / "draft")
    [old] = sign_all(table, [CHLOE], "draft")
    text = refusal(table, 1, *sign_all(table, (ANNA, BEN)), old)
    assert text.startswith(f"{old}: signs request ")
    assert "of the same version, but the content is another now; sign again" in text
    # The stick has the bytes of one and the JSON of the other.
    (table / "request.json").write_bytes((table / "draft.json").read_bytes())
    result = call(*sign_args(table, DAN, table / "s"))
    assert (result.status, (table / "s").exists()) == (3, False)
    assert "another expires than the bytes next to it have" in result.err


@pytest.mark.parametrize(
    ("damage", "status", "text"),
    [
        (lambda content: b"", 3, "not a signature file"),
        (lambda content: content[:100], 3, "not a signature file"),
        (lambda content: bytes(len(content)), 3, "not a signature file"),
        (lambda content: bytes(1024 * 1024), 3, "larger than 4096 bytes"),
        (lambda content: flip(content, "signature"), 1, "bad signature by key "),
        (lambda content: flip(content, "key_id"), 1, "which may not sign this"),
        (lambda content: flip(content, "sha256"), 1, "the content is another now"),
        (lambda content: content.replace(b'"version": 1', b'"version": 2'), 1, "copy the file"),
    ],
)
def test_damaged_signature_file_is_rejected(
    table: Path, damage: Callable[[bytes], bytes], status: int, text: str
) -> None:
    files = sign_all(table, (ANNA, BEN, CHLOE))
    files[1].write_bytes(damage(files[1].read_bytes()))
    found = refusal(table, status, *files)
    assert found.startswith(f"{files[1]}: ")
    assert text in found


def flip(content: bytes, field: str) -> bytes:
    """Another last hexadecimal digit of a field."""
    document = json.loads(content)
    value = document[field]
    document[field] = value[:-1] + ("0" if value[-1] != "0" else "1")
    return json.dumps(document).encode()


def test_a_damaged_request_is_not_signed(table: Path) -> None:
    content = (table / "request").read_bytes()
    for position in range(0, len(content), 37):
        damaged = bytearray(content)
        damaged[position] ^= 0x20
        (table / "request").write_bytes(damaged)
        assert call(*sign_args(table, ANNA, table / "s.json")).status == 3, position
        assert not (table / "s.json").exists()


def test_missing_signature_file_is_an_error(table: Path) -> None:
    text = refusal(table, 3, sign(table, ANNA), table / "absent.json")
    assert text == f"{table}/absent.json: No such file or directory"


# The next root


@pytest.mark.parametrize(
    ("holders", "missing"),
    [
        ((BEN, CHLOE, DAN), ""),
        ((ANNA, BEN, EVA, FINN), ""),
        ((ANNA, BEN, CHLOE, DAN, EVA, FINN), ""),
        ((ANNA, BEN, FINN), "1 more of the previous root's keys"),
        ((ANNA, BEN, EVA), "1 more of its own keys"),
        ((FINN,), "3 more of the previous root's keys and 2 more of its own keys"),
        ((ANNA, EVA, FINN), "1 more of the previous root's keys and 1 more of its own keys"),
    ],
)
def test_one_holder_is_replaced(table: Path, holders: tuple[int, ...], missing: str) -> None:
    first = merge(table, sign_all(table, (ANNA, CHLOE, EVA)))
    done(*publish(table, first))
    rotate(table, NEXT_FIVE)
    previous = f"--previous={table}/roots/1.root.pb"
    files = sign_all(table, holders, "request 2")
    root = merge(table, files, previous, to="root 2.pb")
    complete = call("root", "check", table / "merged.pb", previous, "--require-complete")
    built = step_attach(table, files, previous, request="request 2")
    if missing:
        assert complete.out.endswith(f"  incomplete: {missing} must sign\n")
        expected = f"THRESHOLD_NOT_MET: {table}/to publish.pb: {missing} must sign; "
        assert failed(1, *publish(table, root)).startswith(expected)
        assert not (table / "roots/2.root.pb").exists()
        assert (built.status, verdict_of(root, first)) == (1, Verdict.THRESHOLD_NOT_MET)
    else:
        assert complete.out.endswith("  complete\n")
        done(*publish(table, root))
        assert (table / "roots/2.root.pb").read_bytes() == root
        assert (table / "step.pb").read_bytes() == root
        assert verdict_of(root, first) == Verdict.ACCEPT


def rotate(table: Path, holders: Iterable[int]) -> None:
    """Makes the second root, and its request."""
    create(table, "root 2.pb", 2, holders)
    done(
        *("root", "request", table / "root 2.pb", f"--previous={table}/roots/1.root.pb"),
        *("-o", table / "request 2"),
    )


def test_all_holders_are_replaced(table: Path) -> None:
    done(*publish(table, merge(table, sign_all(table, (ANNA, CHLOE, EVA)))))
    new = range(31, 36)
    write_keys(table, **{str(each): each for each in new})
    rotate(table, new)
    previous = f"--previous={table}/roots/1.root.pb"
    by_old = sign_all(table, (BEN, CHLOE, DAN), "request 2")
    by_new = sign_all(table, new[:3], "request 2")
    for files, missing in ((by_old, "its own"), (by_new, "the previous root's")):
        root = merge(table, files, previous, to="root 2.pb")
        assert f"3 more of {missing} keys must sign" in failed(1, *publish(table, root))
    (table / "half.pb").write_bytes(root)
    whole = merge(table, by_old, previous, to="half.pb")
    assert whole == merge(table, [*by_old, *by_new], previous, to="root 2.pb")
    done(*publish(table, whole))


def test_a_removed_holder_cannot_sign_the_root_after_the_next(table: Path) -> None:
    done(*publish(table, merge(table, sign_all(table, (ANNA, CHLOE, EVA)))))
    rotate(table, NEXT_FIVE)
    previous = f"--previous={table}/roots/1.root.pb"
    files = sign_all(table, (ANNA, BEN, EVA, FINN), "request 2")
    done(*publish(table, merge(table, files, previous, to="root 2.pb")))
    create(table, "root 3.pb", 3, NEXT_FIVE)
    third = ["root", "request", f"{table}/root 3.pb", "-o", f"{table}/request 3"]
    assert "ROOT_VERSION_GAP" in failed(1, *third, previous)
    done(*third, f"--previous={table}/roots/2.root.pb")
    by_eva = call(*sign_args(table, EVA, table / "s.json", "request 3"))
    assert "not a key that" in by_eva.err


# A root that clients without a chain reach from older roots


THIRD = range(31, 36)


@pytest.fixture
def with_two_roots(table: Path) -> Path:
    """Roots 1 and 2 are published; the third one has holders of its own, and is not yet requested."""
    done(*publish(table, merge(table, sign_all(table, (ANNA, CHLOE, EVA)))))
    rotate(table, NEXT_FIVE)
    previous = f"--previous={table}/roots/1.root.pb"
    files = sign_all(table, (ANNA, BEN, DAN, FINN), "request 2")
    done(*publish(table, merge(table, files, previous, to="root 2.pb")))
    write_keys(table, **{str(each): each for each in THIRD})
    create(table, "root 3.pb", 3, THIRD)
    return table


def older(table: Path) -> list[str]:
    """The options that name root 2 as the one before, and root 1 as an older one."""
    return [f"--previous={table}/roots/2.root.pb", f"--also-for={table}/roots/1.root.pb"]


def test_root_that_all_roots_before_it_signed(with_two_roots: Path) -> None:
    """Eva, who only root 1 lists, signs root 3 too."""
    table = with_two_roots
    request = ["root", "request", f"{table}/root 3.pb", "-o", f"{table}/request 3"]
    assert done(*request, *older(table)).out.endswith(
        "  must sign: 3 of its own keys and 3 of the previous root's keys and 3 of root 1's keys\n"
    )
    document = json.loads((table / "request 3.json").read_bytes())
    assert [each["authority"] for each in document["authorities"]] == [
        "this root",
        "the previous root",
        "root 1",
    ]
    holders = (ANNA, DAN, EVA, FINN, *THIRD[:3])
    files = sign_all(table, holders, "request 3")
    merge(table, [*files[:2], *files[3:]], *older(table), to="root 3.pb")
    check = ["root", "check", f"{table}/merged.pb", "--require-complete", *older(table)]
    incomplete = call(*check)
    assert (incomplete.status, incomplete.out.splitlines()[-8:]) == (
        1,
        [
            "  root 1's keys: 2 signed, 3 must",
            *(f"    signed: {each}" for each in ids(ANNA, DAN)),
            *(f"    not signed: {each}" for each in ids(BEN, CHLOE, EVA)),
            "  not checked: expiry: the verification of a bundle checks it",
            "  incomplete: 1 more of root 1's keys must sign",
        ],
    )
    # Eva's signature comes later, and the others stay.
    root = merge(table, files[2:3], *older(table), to="merged.pb")
    done(*check, "--report", table / "check.json")
    report = json.loads((table / "check.json").read_bytes())
    assert (report["also_for"], report["complete"], report["uncounted_signatures"]) == (
        [
            {
                "version": 1,
                "allowed_targets": None,
                "threshold": 3,
                "signers": ids(ANNA, DAN, EVA),
                "not_signed": ids(BEN, CHLOE),
            }
        ],
        True,
        [],
    )
    # Our verifier accepts it by root 2, and counts no older root: from root 1 it needs the chain.
    first, second = ((table / f"roots/{each}.root.pb").read_bytes() for each in (1, 2))
    assert verdict_of(root, second) == Verdict.ACCEPT
    assert verdict_of(root, first) == Verdict.ROOT_VERSION_GAP
    published = done(*publish(table, root)).out
    assert f"  signature that does not count: {ids(EVA)[0][:16]} unknown key\n" in published
    assert (table / "roots/3.root.pb").read_bytes() == root


def test_keys_of_older_roots_may_sign_only_with_also_for(with_two_roots: Path) -> None:
    table = with_two_roots
    request = ["root", "request", f"{table}/root 3.pb", "-o", f"{table}/request 3"]
    done(*request, older(table)[0])
    assert "not a key that" in call(*sign_args(table, EVA, table / "s", "request 3")).err
    done(*request, *older(table))
    files = sign_all(table, [EVA], "request 3")
    args = ["root", "merge", f"{table}/root 3.pb", "--signature", str(files[0])]
    before = workspace.snapshot(table)
    assert "which may not sign this; remove it" in failed(1, *args, older(table)[0])
    assert workspace.snapshot(table) == before
    done(*args, *older(table))


def test_roots_that_are_not_older(with_two_roots: Path) -> None:
    table = with_two_roots
    first, second = (f"{table}/roots/{each}.root.pb" for each in (1, 2))
    request = ["root", "request", f"{table}/root 3.pb", "-o", f"{table}/request 3"]
    text = failed(3, *request, f"--previous={second}", "--also-for", first, second)
    assert text == (
        f"{second}: version 2 is not lower than version 2 of {second}; name older roots with --also-for"
    )
    text = failed(3, *request, f"--previous={second}", "--also-for", first, first)
    assert text == f"{first}: another root of version 1; name each version once"
    text = failed(2, *request, "--also-for", first)
    assert text == (f"--also-for {first}: needs --previous FILE, the root before {table}/root 3.pb")
    assert not (table / "request 3").exists()


def test_signatures_for_older_roots_count_for_the_limit(with_two_roots: Path) -> None:
    table = with_two_roots
    # Of roots 1, 2 and 3, 30 keys each: 90 signatures, and a root takes 64.
    for version in (1, 2, 3):
        holders = range(1000 * version, 1000 * version + 30)
        write_keys(table, **{str(each): each for each in holders})
        create(table, f"many {version}.pb", version, holders)
    options = [f"--previous={table}/many 2.pb", f"--also-for={table}/many 1.pb"]
    done("root", "request", table / "many 3.pb", "-o", table / "request 3", *options)
    signers = [1000 * version + index for version in (1, 2, 3) for index in range(30)]
    files = sign_all(table, signers[:65], "request 3")
    args = ["root", "merge", f"{table}/many 3.pb", *options, "--signature"]
    done(*args, *files[:64], "-o", table / "most.pb")
    text = failed(1, *args, *files, "-o", table / "more.pb")
    assert "65 signatures; a device accepts at most 64" in text
    assert not (table / "more.pb").exists()
