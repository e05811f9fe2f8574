"""The program of moto's server, for Bazel."""

import sys

from moto.server import main

if __name__ == "__main__":
    main(sys.argv[1:])
