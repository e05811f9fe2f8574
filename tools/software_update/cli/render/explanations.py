"""The meaning of each verdict and refusal and its cure, for `software-update explain` and verdicts.md."""

import dataclasses

from software_update.format.refusals import Refusal
from software_update.format.verdicts import Verdict
from software_update.keys.schemes import DEFAULT_SCHEMES


@dataclasses.dataclass(frozen=True)
class Explanation:
    """The meaning of a verdict or refusal, and its cure: none for ACCEPT. `...` is code, *...* emphasis."""

    meaning: str
    cure: str = ""


EXPLANATIONS = {
    Verdict.ACCEPT: Explanation(
        "A device that trusts the given root would install this bundle. The report also lists "
        "the checks that were not made: expiry if no time was given, rollback if no installed "
        "manifest was given, hardware if no hardware id was given.",
    ),
    Verdict.MALFORMED: Explanation(
        "The file is not a bundle, or metadata in it is not valid. It may end early, or have "
        "a wrong length, a field of the wrong type, an expiry that is not a date, a list of allowed "
        "targets with an entry that is not valid or appears twice, or a release manifest with a "
        "value that is not allowed.",
        "Download the file again and compare its SHA-256 with the publisher's. If they are "
        "equal, make the bundle again with these tools.",
    ),
    Verdict.UNEXPECTED_FIELD: Explanation(
        "The bundle contains a field that no signature covers. This may be an unknown field, bytes "
        "after the end, TUF's timestamp or snapshot metadata, or metadata with another name than "
        "`targets`.",
        "Make the bundle with a tool that writes only metadata and payloads.",
    ),
    Verdict.DUPLICATE_FIELD: Explanation(
        "Something that must be unique appears twice: root or targets metadata, a payload, or a "
        "field of a message. Parsers disagree about which of the two counts, and attackers exploit "
        "that.",
        "Make the bundle again. Joining parts of two bundles causes this verdict.",
    ),
    Verdict.TOO_LARGE: Explanation(
        "The bundle exceeds a limit of the verifier. The limits are 512 KiB of root metadata, "
        "32 MiB of targets metadata, 1 MiB of `user_manifest`, 64 GiB of a target's original before "
        "compression, 64 keys, 64 key ids in a role, 64 signatures, 16 allowed targets of 64 bytes "
        "each, 65 536 targets or payloads, 2 hashes of a target, 256 roots in the chain, and unknown "
        "fields: 256 in a root, 65 536 in targets metadata. A key id or digest has at most 255 bytes, "
        "a signature or key 4 096.",
        "Put less into the bundle. Pack many small files into one archive.",
    ),
    Verdict.MISSING_ROLE_METADATA: Explanation(
        "The bundle contains no targets metadata, or it contains a chain of roots without the "
        "root at its end.",
        "Make the bundle with `bundle create` or `step assemble`, which always include the "
        "metadata of both roles.",
    ),
    Verdict.WRONG_ROLE: Explanation(
        "The metadata states another role than its place in the bundle requires. Otherwise an "
        "attacker could present a signed root as targets metadata.",
        "Sign the right metadata: targets metadata with `step sign`, root metadata with `root sign`.",
    ),
    Verdict.UNSUPPORTED_SPEC_VERSION: Explanation(
        "The metadata names a version of the TUF specification that is neither 1.x.y nor "
        "Pigweed's 0.0.1.",
        "Make the metadata with these tools, or verify it with a newer release of them.",
    ),
    Verdict.INVALID_VERSION: Explanation(
        "The metadata's version is 0, which a device cannot distinguish from a missing version.",
        "Use a version of at least 1.",
    ),
    Verdict.KEY_ID_MISMATCH: Explanation(
        "The root lists a key under an id that is not the key's hash, so the key could be "
        "mistaken for another.",
        "Make the root with `root create`, which computes the ids.",
    ),
    Verdict.KEY_TYPE_MISMATCH: Explanation(
        f"A key in the root is not {DEFAULT_SCHEMES.kinds}, or has the label of another type.",
        "Make a key with `key generate`, and a root with it.",
    ),
    Verdict.INVALID_KEY: Explanation(
        "A key in the root is not a point on the curve, is not in uncompressed form, or "
        "appears twice.",
        "Make the root again from the public key files.",
    ),
    Verdict.SHARED_KEY: Explanation(
        "One key has both roles, root and targets. A thief of the key that signs releases "
        "could then also change the keys of each role. A key and its mirrored key (same X, "
        "other Y) count as one key.",
        "Use different keys for the two roles.",
    ),
    Verdict.THRESHOLD_INVALID: Explanation(
        "The threshold of a role is 0 or exceeds the number of its keys, or its list of keys "
        "is not valid. A role must not list a key twice, a key and its mirrored key (same X, "
        "other Y), or a key that the root does not contain.",
        "Make the root with `root create`, with thresholds from 1 to the number of keys.",
    ),
    Verdict.THRESHOLD_NOT_MET: Explanation(
        "Too few distinct keys of the role made good signatures. The message counts them, and "
        "says why each other signature does not count: an unknown key, a repeated key, or a "
        "bad signature. A new root needs enough signatures by keys of the trusted root *and* "
        "by its own keys.",
        "Sign with the keys that the root lists: `root inspect` shows them, and `key show` "
        "shows the id of a key file. If the device has another root than the one that you "
        "sign under, it needs the roots in between.",
    ),
    Verdict.ROOT_VERSION_GAP: Explanation(
        "The version of the bundle's root is more than one above that of the trusted root. A "
        "device moves from each root to the next one, because each root is signed by the one "
        "before it.",
        "Put the roots in between into the bundle, with `bundle create --root-chain`. Or "
        "first install a bundle that has the root in between.",
    ),
    Verdict.ROOT_ROLLBACK: Explanation(
        "The bundle's root is older than the trusted root. Its keys may have been replaced "
        "because they were stolen.",
        "Put the current root into the bundle.",
    ),
    Verdict.ROOT_MIX_UP: Explanation(
        "The bundle's root has the version of the trusted root, but other content. Only one "
        "of the two can be the root that the owner of the keys published under that version.",
        "Never make two roots of one version. If you made both, make a third one with the "
        "next version, signed by the keys of the root that devices have.",
    ),
    Verdict.ROOT_EXPIRED: Explanation(
        "The root that the device would use has expired at the given time.",
        "Make the next root with a later `--expires`, signed by the old and the new keys.",
    ),
    Verdict.TARGETS_EXPIRED: Explanation(
        "The release has expired at the given time. Expiry limits how long an attacker who "
        "withholds newer releases can offer an old one.",
        "Release again, with a later `expires` and a higher version.",
    ),
    Verdict.TARGETS_ROLLBACK: Explanation(
        "The release is older than the installed one. Versions start again only if the "
        "removed targets keys could have signed the installed release by themselves: the root "
        "under which it was accepted has at least its targets threshold of keys that the root "
        "now in force lacks. Removing fewer keys changes nothing, and the roots in between do "
        "not matter.",
        "To bring old software back, release it with a version higher than the installed one. "
        "If thieves signed the installed release, make a root that removes all keys that they "
        "hold, and at least as many as the threshold. If the message names a root that is "
        "missing, pass that root with `--installed-root`.",
    ),
    Verdict.TARGETS_MIX_UP: Explanation(
        "The release has the version of the installed one, but other content.",
        "Raise the version: each release needs its own. If the message names a root that is "
        "missing, pass that root with `--installed-root`.",
    ),
    Verdict.RELEASE_ROLLBACK: Explanation(
        "The release counter is lower than the installed one, or only the installed release "
        "has a counter. Unlike the targets version, the counter never starts again, whichever "
        "targets keys a root removes.",
        "To bring old software back, release it with a counter that is not lower than the "
        "installed one.",
    ),
    Verdict.RELEASE_GAP: Explanation(
        "The installed release is too old to move to this one directly. The "
        "`minimum_release_counter` in the release manifest is higher than the installed "
        "counter, which is 0 if the installed release has no release manifest.",
        "First install a release in between, whose counter is at least the one in the message.",
    ),
    Verdict.WRONG_HARDWARE: Explanation(
        "The release manifest lists the hardware ids that the release is for, and the "
        "device's id is not among them.",
        "Use the bundle for this device. If this bundle should also be for it, add its id "
        "with `step release-manifest --hardware-id`, and release again.",
    ),
    Verdict.NO_TARGETS: Explanation(
        "The targets metadata lists no targets.",
        "Give the bundle at least one target.",
    ),
    Verdict.UNSAFE_NAME: Explanation(
        "A target's name could be a path out of the folder into which it is written. A name "
        "has 1 to 255 bytes of `A-Z a-z 0-9 . _ + -` and `/`, and no empty, `.` or `..` part.",
        "Rename the target.",
    ),
    Verdict.TARGET_NOT_ALLOWED: Explanation(
        "The root that the device would use limits the names of targets, and this name is not "
        "among its allowed targets. An entry of that list is a name, or a prefix that ends in "
        "`/*` and allows every name below it. `user_manifest` is always allowed.",
        "Remove the target from the bundle, or sign it under the root that is for this part of "
        "the device. To allow the name, make the next root with one more `--allowed-target`.",
    ),
    Verdict.DUPLICATE_TARGET: Explanation(
        "Two targets have the same name, or names that differ only in case and are one file "
        "on many devices.",
        "Rename one of them.",
    ),
    Verdict.HASH_UNSUPPORTED: Explanation(
        "A target has no SHA-256, or two of them, or one that is not 32 bytes long.",
        "Make the metadata with these tools.",
    ),
    Verdict.LENGTH_MISMATCH: Explanation(
        "A payload is longer or shorter than the metadata says.",
        "See `HASH_MISMATCH`.",
    ),
    Verdict.HASH_MISMATCH: Explanation(
        "The SHA-256 of a payload differs from the signed one.",
        "Download the bundle again. If it is equal to the publisher's, make the bundle again: "
        "the payload was changed after signing.",
    ),
    Verdict.DECOMPRESSION_FAILED: Explanation(
        "A compressed payload is not the listed original, or no device can decompress it. Its "
        "algorithm may be unknown, its original SHA-256 may not have 32 bytes, or it may be the "
        "`user_manifest`, which must not be compressed. The payload may decompress to another length "
        "or SHA-256 than the metadata lists, have more than one zstd frame, need a dictionary, not "
        "state its content size, or have a window of more than 8 MiB.",
        "Make the bundle with `bundle create --compression zstd`, `step compress`, or the attribute "
        "`compression` of the rules.",
    ),
    Verdict.MISSING_PAYLOAD: Explanation(
        "The metadata lists a target whose payload is neither in the bundle nor, with that "
        "name and content, in the installed release.",
        "Add the payload. If the bundle is for devices that already have it, verify with "
        "`--installed`.",
    ),
    Verdict.UNLISTED_PAYLOAD: Explanation(
        "The bundle contains a payload that the metadata does not list, so no signature covers it.",
        "List it as a target, or leave it out.",
    ),
}

REFUSALS = {
    Refusal.MALFORMED_CLAIMS: Explanation(
        "The claims in the release manifest, or its list of attachments, do not have the form of their "
        "schema. A member may be missing or of another type, a name may not be valid or appear twice, or a "
        "word may have other characters than `a-z 0-9 _`. A build also refuses words that it does not know "
        "and claims about targets that the release does not list.",
        "Write the claims as `step release-manifest --claims` takes them, and make the release manifest "
        "with it. If you did not make the release, ask its vendor for a new one.",
    ),
    Refusal.POWER_NOT_ALLOWED: Explanation(
        "The release claims a power or an area that this trust domain does not have in the device's "
        "configuration. The release may be for another part of the device, or its vendor wants more than "
        "the device's owner has allowed. A word that the client does not know is never allowed.",
        "If the release should not need the power, report it to the vendor, and do not install it. If it "
        "should, add the word to `powers` or `areas` of the domain in the client's configuration, and check "
        "that what confines the program allows it, too.",
    ),
    Refusal.MISSING_ATTACHMENT: Explanation(
        "The release manifest lists an attachment, and the file is not next to the bundle.",
        "Fetch the attachments from the place where you got the bundle, into the folder "
        "`NAME.bundle.attachments`. If the publisher lacks the file, publish the release again with it.",
    ),
    Refusal.MALFORMED_ATTACHMENT: Explanation(
        "An attachment cannot be read. It may not be a DSSE envelope, its content may not be an in-toto "
        "Statement with one release as its subject, or it may have another form than its type demands.",
        "Download the file again. If it is equal to the publisher's, the publisher must make it again.",
    ),
    Refusal.ATTACHMENT_MISMATCH: Explanation(
        "The length or SHA-256 of an attachment is not the one that the release manifest lists. So it is not "
        "the file that the vendor signed.",
        "Download the file again. Put it next to the bundle under the name that the manifest lists.",
    ),
    Refusal.ATTACHMENT_OF_ANOTHER_RELEASE: Explanation(
        "A statement is about another release: its subject is not the digest of this release.",
        "Put the statement about this release next to the bundle.",
    ),
    Refusal.ATTACHMENT_NOT_SIGNED: Explanation(
        "None of the keys that you trust for this statement has signed it.",
        "Check that you name the right public keys. If they are right, do not rely on the statement.",
    ),
    Refusal.AUDITS_MISSING: Explanation(
        "Fewer auditors than you require say that they have rebuilt this release and that it is the same. "
        "The message counts those who say that it differs.",
        "Wait for more statements of auditors, and fetch them. If an auditor says that the release differs, "
        "do not install it, and ask the vendor why.",
    ),
    Refusal.AUDITOR_IS_VENDOR: Explanation(
        "A key of an auditor also signs root or targets metadata of the release. Vendors cannot audit "
        "themselves.",
        "Remove the key from the list of auditors, and name an auditor who is independent of the vendor.",
    ),
    Refusal.MISSING_PROOF: Explanation(
        "There is no proof that the release is in a public log. Without a release manifest, a release has no "
        "record for a log. A vendor who avoids the log may give this release only to you.",
        "Fetch the file `NAME.bundle.tlog-proof` from the place where you got the bundle. If there is none, "
        "ask the vendor for the proof, which `log prove` writes.",
    ),
    Refusal.MALFORMED_PROOF: Explanation(
        "The proof cannot be read. It may not have the form `c2sp.org/tlog-proof@v1`, or its checkpoint may "
        "not have that of `c2sp.org/tlog-checkpoint`.",
        "Download the proof again. If it is equal to the publisher's, write it again with `log prove`.",
    ),
    Refusal.PROOF_OF_ANOTHER_RELEASE: Explanation(
        "The proof is about another record: that of another release, or of this release under another root.",
        "Fetch the proof of this release. If there is none, do not install the release.",
    ),
    Refusal.UNKNOWN_LOG: Explanation(
        "The proof is from a log that the policy of logs does not list.",
        "Fetch a proof from a log of the policy. Add a log to the policy only if you trust its operator and "
        "its witnesses.",
    ),
    Refusal.LOG_NOT_SIGNED: Explanation(
        "The log's signature of the checkpoint is missing or wrong.",
        "Download the proof again. If it is equal to the publisher's, check that the policy has the log's "
        "key.",
    ),
    Refusal.LOG_FORKED: Explanation(
        "The log has shown two different trees of the same size. So it tells different things to different "
        "people, and one of the trees may have been made for this device.",
        "Keep both proofs as evidence, install nothing that only this log vouches for, and report it to the "
        "log's witnesses and monitors.",
    ),
    Refusal.WITNESSES_MISSING: Explanation(
        "Fewer witnesses than the policy's quorum have cosigned the checkpoint of the log, or a cosignature "
        "is wrong. Without witnesses, a log can show each device another tree.",
        "Fetch a newer proof, which has the cosignatures of more witnesses.",
    ),
    Refusal.WITNESS_STALE: Explanation(
        "The witnesses cosigned the checkpoint before the time from which you accept cosignatures.",
        "Fetch a newer proof. If the device's clock is wrong, set it.",
    ),
}
