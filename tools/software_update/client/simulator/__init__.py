"""A simulated device, in memory and deterministic, on which the real client runs.

- `image` is the content of its medium, and `changes` what a power cut makes of unfinished changes.
- `storage` and `machine` implement `client.system` on it; `bootloader` chooses the slot that starts.
- `crashes` cuts the power at every point of a scenario, and of each recovery.
"""
