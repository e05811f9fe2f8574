"""Tests that the rules agree with tests/vectors on target names and on limits."""

load("@bazel_skylib//lib:unittest.bzl", "asserts", "unittest")
load("//rules/private/checks:integer.bzl", "is_integer")  # buildifier: disable=bzl-visibility
load("//rules/private/checks:target_name.bzl", "prefix_error", "target_name_error")  # buildifier: disable=bzl-visibility
load("//tests/vectors:values.bzl", "LIMITS", "NAMES")

_LONGEST = int(LIMITS["limits"]["MAX_NAME_BYTES"]["value"])
_HIGHEST = int(LIMITS["limits"]["MAX_VERSION"]["value"])

# How the message on a name begins, by the problem that the name has.
_MESSAGES = {
    "character": "write the name with only A-Z",
    "dot_part": "write the name without a /",
    "empty": "the name is empty",
    "empty_part": "write the name without a /",
    "too_long": "the name has %d characters; write at most %d" % (_LONGEST + 1, _LONGEST),
}

def _names_test_impl(ctx):
    env = unittest.begin(ctx)
    for name in NAMES["valid"]:
        asserts.equals(env, None, target_name_error(name), repr(name))
        if len(name) + 1 < _LONGEST:
            asserts.equals(env, None, prefix_error(name + "/"), repr(name))
    for each in NAMES["invalid"]:
        problem = target_name_error(each["name"]) or "accepted"
        messages = [_MESSAGES[code] for code in each["problems"]]
        fits = [message for message in messages if problem.startswith(message)]
        asserts.true(env, fits, "%r: %s" % (each["name"], problem))
        if each["problems"] != ["empty"]:
            asserts.true(env, prefix_error(each["name"] + "/"), repr(each["name"]))
    for name in NAMES["reserved"]:
        asserts.true(env, target_name_error(name).startswith("the name is reserved"), repr(name))
    return unittest.end(env)

_names_test = unittest.make(_names_test_impl)

def _limits_test_impl(ctx):
    env = unittest.begin(ctx)
    asserts.equals(env, None, target_name_error("n" * _LONGEST))
    asserts.true(env, target_name_error("n" * (_LONGEST + 1)))
    asserts.true(env, is_integer(str(_HIGHEST)))
    asserts.false(env, is_integer(str(_HIGHEST + 1)))
    return unittest.end(env)

_limits_test = unittest.make(_limits_test_impl)

def names_test_suite(name):
    """Declares the tests.

    Args:
      name: The name of the suite.
    """
    unittest.suite(name, _names_test, _limits_test)
