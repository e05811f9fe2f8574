"""Tests that the rules agree with tests/vectors on target names and on limits."""

load("@bazel_skylib//lib:unittest.bzl", "asserts", "unittest")
load("//rules/private/checks:allowed_targets.bzl", "allowed_targets_error", "is_allowed")  # buildifier: disable=bzl-visibility
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

# A part of the message on a list of allowed targets, by the problem that the list has.
_ALLOWED_MESSAGES = {
    "name": ["write the name with", "the name is empty", "write a name before the /*"],
    "star": ["write a * only in a /* at the end"],
    "too_long": ["the entry has 65 characters; write at most 64"],
    "too_many": ["the list has 17 entries; write at most 16"],
    "twice": ["appears twice; write it once"],
}

def _allowed_targets_test_impl(ctx):
    env = unittest.begin(ctx)
    cases = NAMES["allowed_targets"]
    for entries in cases["valid"]:
        asserts.equals(env, None, allowed_targets_error(entries), repr(entries))
    for each in cases["invalid"]:
        problem = allowed_targets_error(each["entries"]) or "accepted"
        fits = [message for message in _ALLOWED_MESSAGES[each["problem"]] if message in problem]
        asserts.true(env, fits, "%r: %s" % (each["entries"], problem))
    for each in cases["matches"]:
        for name in each["allowed"]:
            asserts.true(env, is_allowed(name, each["entries"]), "%r: %s" % (each["entries"], name))
        for name in each["not_allowed"]:
            asserts.false(env, is_allowed(name, each["entries"]), "%r: %s" % (each["entries"], name))
    return unittest.end(env)

_allowed_targets_test = unittest.make(_allowed_targets_test_impl)

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
    unittest.suite(name, _names_test, _allowed_targets_test, _limits_test)
