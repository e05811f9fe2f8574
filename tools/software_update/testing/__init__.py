"""Helpers that tests share: keys, odd metadata and bundles, the command line."""
