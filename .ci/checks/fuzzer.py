"""A short run of the fuzzer."""

from __future__ import annotations

import re
from base64 import b64encode

from run import CheckError, Run

FUZZ_SECONDS = 60
MIN_FUZZ_RUNS = 2000


def fuzz(run: Run) -> None:
    """A minute of fuzzing finds no input that makes the verifier do more than accept or refuse."""
    found = run.scratch / "fuzz"
    found.mkdir()
    options = (f"-max_total_time={FUZZ_SECONDS}", f"-artifact_prefix={found}/")
    try:
        output = run.bazel("run", "//tests/fuzz:verify", "--", *options)
    except CheckError as error:
        inputs = [f"{each.name}: {b64encode(each.read_bytes())!r}" for each in found.iterdir()]
        raise CheckError("\n".join([str(error), *inputs])) from None
    runs = re.search(r"^Done (\d+) runs", output, re.MULTILINE)
    if not runs or int(runs[1]) < MIN_FUZZ_RUNS:
        raise CheckError(f"{output}\nfewer than {MIN_FUZZ_RUNS} inputs were judged")
    print(f"{runs[1]} inputs  ", end="", flush=True)
