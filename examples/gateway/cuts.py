"""Cuts the power of a gateway at random moments of an update: `bazel run //examples/gateway:cuts`.

Each gateway comes from the factory, starts, and installs version 1.1 until the emulator is killed. Then it
must start again, verified, with one of the two versions, and the running slot must be what it should be.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from examples.gateway.life import Life, life_in

_INSTALL = "software-update-client install /media/bundle-1.1.bundle --domain system --yes"


def _update(life: Life) -> None:
    """Installs version 1.1 on a gateway from the factory that is on, up to its commit."""
    life.machine.started()
    life.machine.enter(_INSTALL)
    shown = life.machine.started()
    assert "Gateway 1.1 is installed." in shown, shown


def _cut(life: Life, moment: float) -> bool:
    """Cuts the power some seconds after the start of an update; False if the update has ended before."""
    life.leave_factory()
    life.machine.power_on()
    timer = threading.Timer(moment, life.machine.kill)
    timer.start()
    try:
        _update(life)
    except EOFError:
        return True
    finally:
        timer.cancel()
        life.machine.power_off()
    return False


def _outcome(life: Life) -> str:
    """Switches the gateway on again, and returns what runs, and the state of the client."""
    life.machine.power_on()
    shown = life.machine.started()
    version = shown.partition("gateway: version ")[2].partition(",")[0]
    assert version in ("1.0", "1.1"), shown
    assert "Secure Boot on" in shown, shown
    checked = life.machine.run("software-update-client verify-installed --domain system")
    assert f"1 target of version {version}, all unchanged" in checked, checked
    life.machine.power_off()
    state = next(line for line in shown.splitlines() if line.partition(" (")[0].isupper())
    result = re.search(r"^Last result: (\w+)", shown, re.MULTILINE)
    return f"version {version}, {state}{f', {result[1]}' if result else ''}"


def main() -> None:
    """Makes the cuts, and prints a line for each, and how often each outcome came."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cuts", type=int, default=10, help="the number of cuts (default: 10)")
    parser.add_argument("--seed", type=int, default=1, help="the seed of the moments (default: 1)")
    args = parser.parse_args()
    moments = random.Random(args.seed)
    outcomes: Counter[str] = Counter()
    with (
        tempfile.TemporaryDirectory() as folder,
        life_in(Path(folder), os.environ, lambda line: None) as life,
    ):
        life.machine.power_on()
        begin = time.monotonic()
        _update(life)
        life.machine.power_off()
        whole = time.monotonic() - begin
        print(f"an update without a cut takes {whole:.0f} s", flush=True)
        for number in range(1, args.cuts + 1):
            moment = moments.uniform(0, whole)
            was_cut = _cut(life, moment)
            outcome = _outcome(life)
            outcomes[outcome] += 1
            when = f"at {moment:.0f} s" if was_cut else "after the update"
            print(f"cut {number} {when}: {outcome}", flush=True)
    for outcome, count in outcomes.most_common():
        print(f"{count} of {args.cuts}: {outcome}")


if __name__ == "__main__":
    main()
