"""Signed, verified, reproducible software-update bundles: The Update Framework for embedded devices."""
