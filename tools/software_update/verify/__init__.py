"""The verifier: decides whether a device accepts a bundle, and under which root.

It follows TUF's client workflow (specification 1.0.34, section 5) for a bundle, which has no snapshot
and timestamp roles:

- `roots` finds the root in force: from the device's root, through the chain, to the root of the bundle.
- `targets` checks the targets metadata against that root, the clock and the installed release.
- `payloads` compares the payloads in the file with the list in that metadata.
- `quorum` counts signatures, and `recovery` decides when versions start again.
- `bundle_file` does all of this for a file. Only this module reads: the others are pure.

    device = Device(trust_root(Path("root.pb").read_bytes()), at=int(time.time()))
    with open("release.bundle", "rb") as file:
        release = verify_bundle(file.fileno(), device)
    print(release.root.common.version, release.targets.common.version)

The same file, device and time give the same verdict. A bundle that is not accepted raises Refused with
a verdict other than ACCEPT; the first fault decides, in the order of `format.verdicts.Verdict`. Memory
does not grow with payloads, and lists in metadata are kept only if enough keys have signed them. Files
that cannot be read raise OSError, and files that become shorter meanwhile raise InputError.

A TrustedRoot or a VerifiedRelease is proof of verification: no other code makes one.
"""
