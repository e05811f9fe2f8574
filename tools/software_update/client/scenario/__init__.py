"""Scenarios: the life of a simulated device as text, played with the real client.

- `script` reads the text.
- `device` is the device: two slots, U-Boot's environment, and storage that forgets what was not synced.
- `play` plays the text, and returns it with the results.
"""
