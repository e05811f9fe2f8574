"""Attachments of a release: files next to a bundle, in the folder NAME.bundle.attachments.

- `folder` checks all files of a folder, `release` has the parts of a release that they refer to.
- `listed` compares a file with its entry in the release manifest, which the release's signature covers.
- `statement` reads and writes in-toto statements, whose subject is the release digest.
- `envelope` reads and verifies the DSSE envelopes of statements, and `sign` makes them.
- `audits` counts the auditors who say that a rebuilt release is the same.
- `vendor` recognises the keys that sign a release. No attachment has their signature.

All modules but `folder` are pure. A refusal is NotDisclosed, with its name.
"""
