"""Tests of the attributes for an integer."""

load("@bazel_skylib//lib:unittest.bzl", "asserts", "unittest")
load(":integer.bzl", "integer_arguments")

# Each value, and the arguments of the rule. //tests/analysis tests how a rule with both attributes accepts them.
_INTEGERS = [
    (7, {"version": "7"}),
    ("7", {"version": "7"}),
    (4294967296, {"version": "4294967296"}),
    (True, {"version": "True"}),
    (1.5, {"version": "1.5"}),
    ([7], {"version": "[7]"}),
    (None, {}),
]

# Values of a select(), and whether they are text. A key may contain anything but a colon.
_SELECTS = [
    ({"//a:b": 7, "//conditions:default": 8}, False),
    ({"//a:b": None, "//conditions:default": 8}, False),
    ({"//conditions:default": None}, False),
    ({"//a:\"b": 7}, False),
    ({"//a:b) \"c": 7}, False),
    ({Label("//rules/private:strips_paths"): 7}, False),
    ({"//a:b": "7", "//conditions:default": "8"}, True),
    ({"//a:b": None, "//conditions:default": "8"}, True),
    ({Label("//rules/private:strips_paths"): "7"}, True),
    ({"//a:b": ""}, True),
]

def _integers_test_impl(ctx):
    env = unittest.begin(ctx)
    for value, arguments in _INTEGERS:
        asserts.equals(env, arguments, integer_arguments(version = value), repr(value))
    for number, (values, is_text) in enumerate(_SELECTS):
        asserts.equals(env, "version" if is_text else "version_number", ctx.attr.arguments[number], repr(values))
    return unittest.end(env)

_integers_test = unittest.make(
    _integers_test_impl,
    attrs = {"arguments": attr.string_list(doc = "The name of the argument for each of _SELECTS.")},
)

def integers_test(name):
    """Tests which attributes integers become.

    A select() only exists while Bazel loads a BUILD file, so this macro passes the names of the attributes to the test.

    Args:
      name: The test's name.
    """
    _integers_test(
        name = name,
        size = "small",
        arguments = [
            integer_arguments(version = select(values)).keys()[0]
            for values, _ in _SELECTS
        ],
    )
