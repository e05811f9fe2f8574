"""Renders the verdicts as a C++ enumeration."""

import cpp
from software_update.format.verdicts import Verdict

PATH = "device/include/software_update/verdict.h"


def render() -> str:
    """Returns verdict.h."""
    values = "".join(f"  {cpp.enumerator(each.name)},\n" for each in Verdict)
    body = f"""\
// The results of a verification, in the order of the checks. docs/reference/verdicts.md explains
// them.
enum class Verdict : uint8_t {{
{values}}};

constexpr uint8_t kVerdicts = {len(Verdict)};

// Returns the name of a verdict as reports write it, such as "HASH_MISMATCH".
const char* verdict_name(Verdict verdict);
"""
    return cpp.header(
        PATH, "format/verdicts.py", "The verdicts of the verifier.", ["<stdint.h>"], body
    )
