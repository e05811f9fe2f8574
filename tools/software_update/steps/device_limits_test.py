"""Tests of device_limits.py."""

import pytest

from software_update.base.errors import UsageError
from software_update.format.device_limits import DEFAULT
from software_update.steps.device_limits import device_limits_header, struct_name


def test_header() -> None:
    limits = DEFAULT._replace(targets=65_536, compression=("zstd",), release_manifest=False)
    assert device_limits_header(limits, "MyLimits") == (
        """\
// The limits of a device. Generated from its device limits by software-update; do not edit.

#ifndef SOFTWARE_UPDATE_LIMITS_MYLIMITS_H_
#define SOFTWARE_UPDATE_LIMITS_MYLIMITS_H_

#include <stdint.h>

namespace software_update {

struct MyLimits {
  static constexpr uint32_t kKeys = 4;
  static constexpr uint32_t kSignatures = 4;
  static constexpr uint32_t kTargets = 65536;
  static constexpr uint32_t kRoots = 4;
  static constexpr uint32_t kAllowedTargets = 0;
  static constexpr uint32_t kNameBytes = 64;
  static constexpr uint32_t kVerifications = 32;
  static constexpr uint32_t kRootBytes = 4096;
  static constexpr bool kReleaseManifest = false;
  static constexpr bool kCompression = true;
  static constexpr uint32_t kLoosePayloads = 0;
  static constexpr bool kAnyOrder = false;
};

}  // namespace software_update

#endif  // SOFTWARE_UPDATE_LIMITS_MYLIMITS_H_
"""
    )


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("device_limits.h", "DeviceLimits"),
        ("out/gen/b2_limits.h", "B2Limits"),
        ("limits.h", "Limits"),
    ],
)
def test_struct_is_named_like_the_header(path: str, name: str) -> None:
    assert struct_name(path) == name


@pytest.mark.parametrize("path", ["limits.hpp", "limits", "2.h", "a-b.h", ".h", "a__b.h", "\xe4.h"])
def test_header_that_names_no_struct(path: str) -> None:
    with pytest.raises(UsageError, match=r"names no struct; call the header NAME\.h"):
        struct_name(path)
