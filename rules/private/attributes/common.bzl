"""The attributes that Bazel gives every rule, passed on to the targets that a macro makes."""

load("//rules/private/checks:errors.bzl", "refuse")

visibility("//rules/...")

# Of Bazel 7.7, 8 and 9: a Bazel that does not know one of them says so.
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
    """Stops if an attribute that a macro has to know is a select().

    Args:
      name: The name of the target that the macro makes.
      attribute: The attribute's name.
      value: Its value.
      reason: Why it cannot be one, and what to write.
    """
    if type(value) == "select":
        refuse(native.package_relative_label(":" + name), attribute, value, "this cannot be a select(), because " + reason)

def or_default(value, default):
    """Returns what an attribute is for a rule that uses `default` if `value` is None.

    A select() may turn out to be None, so the rule has two attributes, `value` and the result of this function.

    Args:
      value: The value of the attribute, None or a select().
      default: What takes its place.

    Returns:
      `value` if that cannot be None, otherwise `default`.
    """
    return default if value == None or type(value) == "select" else value

def common_attributes(rule, name, kwargs, tags = []):
    """Checks the arguments of a macro beyond its own.

    Args:
      rule: The macro's name.
      name: The name of the target that it makes.
      kwargs: The further arguments. Those that are None are left out, because symbolic macros pass them on that way.
      tags: Tags that the targets get in any case.

    Returns:
      A struct of two dicts of arguments: `public` for the targets that the user names, `private` for the
      others.
    """
    for attribute in kwargs:
        if attribute not in _COMMON:
            fail("%s(name = %s): there is no attribute %s; besides its own the rule takes %s" % (
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
