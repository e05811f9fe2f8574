"""Attributes that Bazel gives every rule, and that macros pass on to their targets."""

load("//rules/private/checks:errors.bzl", "refuse")

visibility("//rules/...")

# The union for Bazel 7.7, 8 and 9. A Bazel that does not know one of them reports it.
_COMMON = [
    "applicable_licenses",
    "aspect_hints",
    "compatible_with",
    "deprecation",
    "exec_compatible_with",
    "exec_group_compatible_with",
    "exec_properties",
    "expect_failure",
    "features",
    "generator_function",
    "generator_location",
    "generator_name",
    "package_metadata",
    "restricted_to",
    "tags",
    "target_compatible_with",
    "testonly",
    "toolchains",
    "transitive_configs",
    "visibility",
]

def refuse_select(name, attribute, value, reason):
    """Fails if an attribute whose value a macro needs is a select().

    Args:
      name: The name of the target that the macro makes.
      attribute: The attribute's name.
      value: Its value.
      reason: The reason why it cannot be a select(), and what to write.
    """
    if type(value) == "select":
        refuse(native.package_relative_label(":" + name), attribute, value, "this cannot be a select(), because " + reason)

def or_default(value, default):
    """Returns the second attribute of a rule that uses `default` if the first one, `value`, is None.

    Only the rule knows whether a select() is None, so the rule has two attributes: `value` and the returned value.

    Args:
      value: The value of the attribute, None or a select().
      default: The value to use instead of None.

    Returns:
      `value` if it cannot be None, otherwise `default`.
    """
    return default if value == None or type(value) == "select" else value

def common_attributes(rule, name, kwargs, tags = []):
    """Checks the arguments of a macro that its own parameters do not cover.

    Args:
      rule: The macro's name.
      name: The name of the target that it makes.
      kwargs: The other arguments. The function drops those that are None, because symbolic macros pass None on.
      tags: A list of strings: tags that all targets get.

    Returns:
      A struct of two dicts of arguments: `public` for targets that users name, and `private` for other targets.
    """
    for attribute in kwargs:
        if attribute not in _COMMON:
            fail("%s(name = %s): there is no attribute %s; the rule accepts its own attributes and %s" % (
                rule,
                repr(name),
                repr(attribute),
                ", ".join(_COMMON),
            ))
    given = {attribute: value for attribute, value in kwargs.items() if value != None}
    refuse_select(name, "tags", given.get("tags"), "Bazel reads tags before it knows the configuration; write a list")
    if tags:
        given["tags"] = list(given.get("tags", [])) + tags
    return struct(
        public = given,
        private = given | {"visibility": ["//visibility:private"]},
    )
