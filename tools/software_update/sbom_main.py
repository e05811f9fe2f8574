"""The command `software-update` as the action of an SBOM runs it.

Not from an archive, because the library that validates an SBOM opens its schemas as files. The first
argument is the digest of the tool's files, which is for Bazel.
"""

import sys

if __name__ == "__main__":
    from software_update.cli.main import run_process

    arguments = sys.argv[1:]
    if arguments and arguments[0].startswith("--tool-digest="):
        del arguments[0]
    run_process(arguments)
