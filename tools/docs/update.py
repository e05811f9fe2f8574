"""Renews all pages that are generated. Called as: update.py API.binaryproto, under `bazel run`."""

import sys

import render_api
import render_gn

if __name__ == "__main__":
    sys.exit(
        render_api.main([sys.argv[1], "docs/reference/rules"])
        or render_gn.main(["gn", "docs/reference/gn.md"])
    )
