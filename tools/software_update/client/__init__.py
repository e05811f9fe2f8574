"""The framework client: checks for releases, asks for consent, stages, verifies, installs and confirms them.

- `step` is the core: state and event in, new state and effects out. It is pure.
- `state`, `events` and `effects` are its data; `record` and `history` keep them on a device.
- `system` names everything outside the process that the client touches. Only `shell` implements it.
- `sources`, `installers`, `boot` and `policy` are the places where products differ.
"""
