"""What the figures were taken on: the page says it, for seconds mean nothing without."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path


def describe() -> tuple[str, ...]:
    """Processor, cores, memory, kernel and Python; nothing that names the machine."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"processor: {_processor()}",
        f"cores: {_cores()}",
        f"memory: {memory:.0f} GiB",
        f"kernel: {platform.system()} {platform.release().split('-')[0]}",
        f"Python: {platform.python_implementation()} {platform.python_version()}",
    )


def _cores() -> int:
    """Those that we may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _processor() -> str:
    """The model, and whether it hashes SHA-256 in hardware, on which all here depends."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or platform.machine()
    model = re.search(r"^model name\s*: (.*)$", text, re.MULTILINE)
    name = model.group(1).strip() if model else platform.machine()
    hashes = re.search(r"^(?:flags|Features)\s*:.*\b(?:sha_ni|sha2)\b", text, re.MULTILINE)
    return f"{name}, {'with' if hashes else 'without'} instructions for SHA-256"
