"""Tests of the checks of dates, versions, folders and prefixes; //tests/analysis:names_test tests target names."""

load("@bazel_skylib//lib:unittest.bzl", "asserts", "unittest")
load(":date.bzl", "date_error")
load(":folder.bzl", "folder_error")
load(":integer.bzl", "is_integer")
load(":target_name.bzl", "prefix_error")

_GOOD_DATES = [
    "2031-01-01T00:00:00Z",
    "2028-02-29T23:59:59Z",
    "2000-02-29T00:00:00Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
]

_BAD_DATES = [
    "",
    "2031-01-01",
    "2031-01-01T00:00:00",
    "2031-01-01T00:00:00z",
    "2031-01-01 00:00:00Z",
    "2031-01-01T00:00:00.0Z",
    "2031-01-01T00:00:00+00:00",
    "31-01-01T00:00:00Z",
    "0000-01-01T00:00:00Z",
    "2031-00-01T00:00:00Z",
    "2031-13-01T00:00:00Z",
    "2031-01-00T00:00:00Z",
    "2031-04-31T00:00:00Z",
    "2031-02-29T00:00:00Z",
    "2100-02-29T00:00:00Z",
    "2031-01-01T24:00:00Z",
    "2031-01-01T00:60:00Z",
    "2031-01-01T00:00:60Z",
    "2031-01-01T-1:00:00Z",
    "2031-+1-01T00:00:00Z",
    "2031-1_-01T00:00:00Z",
]

_GOOD_VERSIONS = ["1", "7", "2147483648", "4294967295"]

_BAD_VERSIONS = ["", "0", "-1", "+1", "1.0", " 1", "1 ", "07", "1_0", "0x7", "seven", "4294967296", "\"7\"", "True", "9" * 30]

_GOOD_FOLDERS = ["signatures", "signatures/root", "my signatures", "..a/...", "$(HOME)"]

_BAD_FOLDERS = ["", "/", "/signatures", "signatures/", "a//b", ".", "..", "../other", "a/../../b"]

def _version_error(text):
    return None if is_integer(text) else "not an integer"

def _values_test_impl(ctx):
    env = unittest.begin(ctx)
    for takes, good, bad in [
        (prefix_error, ["a/", "a/b/", "n" * 253 + "/"], ["/", "//", "../", "a//", "a b/", "n" * 254 + "/"]),
        (date_error, _GOOD_DATES, _BAD_DATES),
        (_version_error, _GOOD_VERSIONS, _BAD_VERSIONS),
        (folder_error, _GOOD_FOLDERS, _BAD_FOLDERS),
    ]:
        for value in good:
            asserts.equals(env, None, takes(value), "%s of %s" % (takes, repr(value)))
        for value in bad:
            asserts.true(env, takes(value), "%s takes %s" % (takes, repr(value)))
    return unittest.end(env)

values_test = unittest.make(_values_test_impl)
