"""All generated sources of the device library."""

import cpp_fields
import cpp_limits
import cpp_verdicts


def sources() -> dict[str, str]:
    """Returns the text of each generated source by its path."""
    return {each.PATH: each.render() for each in (cpp_fields, cpp_limits, cpp_verdicts)}
