"""Signed, verified, reproducible software-update bundles: The Update Framework for embedded devices."""

__version__ = "0.1.0"
