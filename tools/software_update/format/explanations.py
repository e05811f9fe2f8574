"""What each verdict means and what to do about it. docs/verdicts.md says the same, word by word."""

import dataclasses

from software_update.format.verdicts import Verdict


@dataclasses.dataclass(frozen=True)
class Explanation:
    """What has been found, and the cure; none for ACCEPT. `...` is code, *...* is emphasis."""

    meaning: str
    cure: str = ""


EXPLANATIONS = {
    Verdict.ACCEPT: Explanation(
        "A device that trusts the given root would install this bundle. What the verdict does "
        "not speak of is listed with it: expiry where no time was given, rollback where no "
        "manifest of the installed release was given, hardware where no hardware id was given.",
    ),
    Verdict.MALFORMED: Explanation(
        "The bytes are no bundle, or metadata in it has no meaning. It may be cut short, or "
        "have a length that does not fit, a field of the wrong kind, an expiry that is no date, "
        "a release manifest with a value that cannot be.",
        "Fetch the file again and compare its SHA-256 with the publisher's. Should it be the "
        "same, make the bundle again with these tools.",
    ),
    Verdict.UNEXPECTED_FIELD: Explanation(
        "The bundle has a field that no signature covers. Such are unknown fields, bytes after "
        "the end, TUF's timestamp or snapshot metadata, metadata under another name than "
        "`targets`.",
        "Make the bundle with a tool that writes nothing of its own beside metadata and payloads.",
    ),
    Verdict.DUPLICATE_FIELD: Explanation(
        "Something that may stand once stands twice: root or targets metadata, a payload, a "
        "field of a message. Parsers disagree about which of the two counts, and attackers live "
        "on that.",
        "Make the bundle again; a file put together from parts of two bundles looks like this.",
    ),
    Verdict.TOO_LARGE: Explanation(
        "The bundle contains more than a verifier reads. The limits are 512 KiB of root metadata, "
        "32 MiB of targets metadata, 1 MiB of `user_manifest`, 64 keys, 64 key ids in a role, 64 "
        "signatures, 65 536 targets or payloads, 2 hashes of a target, 256 roots in the chain, and "
        "unknown fields: 256 in a root, 65 536 in targets metadata. A key id or digest has at most "
        "255 bytes, a signature or key 4 096.",
        "Put fewer or less into it. Many small files travel well as one archive.",
    ),
    Verdict.MISSING_ROLE_METADATA: Explanation(
        "The bundle has no targets metadata; or it has a chain of roots, and not the root that "
        "the chain leads to.",
        "Make the bundle with `bundle create` or `step assemble`, which always put both roles in.",
    ),
    Verdict.WRONG_ROLE: Explanation(
        "Metadata does not say that it is of the role in whose place it stands. A root "
        "presented as targets metadata would otherwise be a signed lie.",
        "Sign the metadata that was meant; `step sign --role` refuses the other.",
    ),
    Verdict.UNSUPPORTED_SPEC_VERSION: Explanation(
        "The metadata names a version of the TUF specification that is neither 1.x.y nor "
        "Pigweed's 0.0.1.",
        "Make the metadata with these tools, or verify with a newer release of them.",
    ),
    Verdict.INVALID_VERSION: Explanation(
        "The metadata's version is 0. A device could not tell it from a version that is missing.",
        "Say a version of at least 1.",
    ),
    Verdict.KEY_ID_MISMATCH: Explanation(
        "A key in the root is listed under an id that is not its hash, so that it could pass as "
        "another key.",
        "Make the root with `root create`, which computes the ids.",
    ),
    Verdict.KEY_TYPE_MISMATCH: Explanation(
        "A key in the root is not an ECDSA key on NIST P-256, or is labelled as another kind "
        "than it is.",
        "Make a P-256 key with `key generate`, and a root with it.",
    ),
    Verdict.INVALID_KEY: Explanation(
        "A key in the root is not a point on the curve, not an uncompressed one, or is listed "
        "twice.",
        "Make the root again from the public key files.",
    ),
    Verdict.SHARED_KEY: Explanation(
        "One key has both roles, root and targets. A thief of the key that signs releases could "
        "then also change who may sign. A key and its mirrored key (same X, other Y) are one key.",
        "Give each role keys of its own.",
    ),
    Verdict.THRESHOLD_INVALID: Explanation(
        "The threshold of a role is 0, or exceeds the number of its keys, or its list of keys is "
        "bad. A role may not list a key twice, a key and its mirrored key (same X, other Y), or a "
        "key that the root lacks.",
        "Make the root with `root create`, with thresholds from 1 to the number of keys.",
    ),
    Verdict.THRESHOLD_NOT_MET: Explanation(
        "Too few good signatures by distinct keys of the role. The message counts them, and "
        "says of each other signature why it does not count: an unknown key, a repeated one, a "
        "bad signature. A new root needs enough signatures of the trusted root's keys *and* of "
        "its own.",
        "Sign with the keys that the root lists: `root inspect` shows them, and `key show` the "
        "id of a key file. A device under another root than the one you sign under needs the "
        "root in between.",
    ),
    Verdict.ROOT_VERSION_GAP: Explanation(
        "The bundle's root is more than one version after the trusted one. A device takes each "
        "step by itself, since each is signed by the root before.",
        "Put the roots between into the bundle, with `bundle create --root-chain`; or first "
        "bring the device to the version in between, with a bundle that has that root.",
    ),
    Verdict.ROOT_ROLLBACK: Explanation(
        "The bundle's root is older than the trusted one. Its keys may have been replaced "
        "because they were stolen.",
        "Put the current root into the bundle.",
    ),
    Verdict.ROOT_MIX_UP: Explanation(
        "The bundle's root has the trusted one's version and other content. One of the two is "
        "not what the owner of the keys calls that version.",
        "Never make two roots of one version. If you made both, make a third, one version on, "
        "signed by the keys of the one that devices have.",
    ),
    Verdict.ROOT_EXPIRED: Explanation(
        "The root that the device would use has expired at the given time.",
        "Make the next root with a later `--expires`, signed by the old and the new keys.",
    ),
    Verdict.TARGETS_EXPIRED: Explanation(
        "The release has expired at the given time. An attacker who holds newer releases back "
        "can offer only old ones.",
        "Release again, with a later `expires` and a higher version.",
    ),
    Verdict.TARGETS_ROLLBACK: Explanation(
        "The release is older than the installed one. Versions start again only if the removed "
        "targets keys could have signed the installed release by themselves: the root under which "
        "it was accepted has at least its targets threshold of keys that the root now in force "
        "lacks. Fewer removed keys change nothing, and neither do the roots in between.",
        "To bring old software back, release it under a version higher than the installed one. If "
        "thieves signed the installed release, make a root that removes all keys that they hold, and "
        "at least as many as the threshold. If the message names a root that is not at hand, pass "
        "that root with `--installed-root`.",
    ),
    Verdict.TARGETS_MIX_UP: Explanation(
        "The release has the installed one's version and other content.",
        "Raise the version. Each release has its own. If the message names a root that is not at hand, "
        "pass that root with `--installed-root`.",
    ),
    Verdict.RELEASE_ROLLBACK: Explanation(
        "The release counter is lower than the installed one, or the installed release has a "
        "counter and this one has none. Unlike the targets version, the counter never starts "
        "again, whichever targets keys a root removes.",
        "To bring old software back, release it under a counter that is not lower than the "
        "installed one.",
    ),
    Verdict.RELEASE_GAP: Explanation(
        "The installed release is too old to go to this one directly. The "
        "`minimum_release_counter` in the release manifest is higher than the installed "
        "counter, which is 0 where the installed release has no release manifest.",
        "First install a release between the two, whose counter is at least the one that the "
        "message names.",
    ),
    Verdict.WRONG_HARDWARE: Explanation(
        "The release manifest lists the hardware ids that the release is for, and the device's "
        "is not one of them.",
        "Take the bundle that is for this device. Should this one be for it too, list its id "
        "with `step release --hardware-id`, and release again.",
    ),
    Verdict.NO_TARGETS: Explanation(
        "The targets metadata lists nothing.",
        "Give the bundle at least one target.",
    ),
    Verdict.UNSAFE_NAME: Explanation(
        "A target's name might be a path out of the folder that it is written to. A name has 1 "
        "to 255 bytes of `A-Z a-z 0-9 . _ + -` and `/`, and no empty, `.` or `..` part.",
        "Rename the target.",
    ),
    Verdict.DUPLICATE_TARGET: Explanation(
        "Two targets have the same name, or names that differ in case alone and are one file on "
        "many devices.",
        "Rename one.",
    ),
    Verdict.HASH_UNSUPPORTED: Explanation(
        "A target has no SHA-256, two of them, or one that is not 32 bytes long.",
        "Make the metadata with these tools.",
    ),
    Verdict.LENGTH_MISMATCH: Explanation(
        "A payload is longer or shorter than the metadata lists.",
        "The same as for `HASH_MISMATCH`.",
    ),
    Verdict.HASH_MISMATCH: Explanation(
        "A payload is not the one whose SHA-256 was signed.",
        "Fetch the bundle again. Should it be as the publisher has it, make the bundle again: "
        "the payload was changed after it was signed.",
    ),
    Verdict.MISSING_PAYLOAD: Explanation(
        "The metadata lists a target whose payload is neither in the bundle nor, by name and "
        "content, in the installed release.",
        "Add the payload, or verify with `--installed` where the bundle was made for devices "
        "that already have it.",
    ),
    Verdict.UNLISTED_PAYLOAD: Explanation(
        "The bundle has a payload that the metadata does not list, so nobody signed for it.",
        "List it as a target, or leave it out.",
    ),
}
