"""Coverage-guided fuzzing of the verifier: `./bazelw run //tests/fuzz:verify -- -max_total_time=600`.

Arguments are libFuzzer's: a folder keeps what is found, one file is judged. What ends in anything but a
verdict is written to the current folder.
"""

import os
import sys
import tempfile
from pathlib import Path

try:
    import atheris  # type: ignore[import-untyped, import-not-found, unused-ignore]
except ImportError:
    sys.exit("verify: the fuzzer runs on CPython 3.12 or later, on Linux x86-64")

with atheris.instrument_imports(include=["software_update"]):
    from tests.fuzz import target

TESTS = Path(__file__).absolute().parents[1]
SEEDS = [TESTS / "fuzz/corpus", TESTS / "vectors/independent", TESTS / "vectors/attacks"]
# Of two the later one counts, so a user's own.
OPTIONS = ["-max_len=16384", "-timeout=10", "-rss_limit_mb=512"]


def one_input(data: bytes) -> None:
    target.judge(data)


def mutated(data: bytes, max_size: int, seed: int) -> bytes:
    return target.mutated(data, max_size, seed, atheris.Mutate)


def main() -> None:
    os.chdir(os.environ.get("BUILD_WORKING_DIRECTORY", "."))
    args = sys.argv[1:]
    places = [each for each in args if not each.startswith("-")]
    with tempfile.TemporaryDirectory() as found:
        if not places:
            args.append(found)
        if not any(os.path.isfile(each) for each in places):
            args += [str(seeds) for seeds in SEEDS if seeds.is_dir()]
        atheris.Setup([sys.argv[0], *OPTIONS, *args], one_input, custom_mutator=mutated)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
