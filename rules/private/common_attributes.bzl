"""The attributes that every rule has, handed on to the targets that a macro makes."""

visibility("//rules/...")

_COMMON = [
    "deprecation",
    "exec_compatible_with",
    "exec_properties",
    "features",
    "tags",
    "target_compatible_with",
    "testonly",
    "visibility",
]

def common_attributes(rule, name, kwargs):
    """Checks what a macro was given beyond its own arguments.

    Args:
      rule: The macro's name.
      name: The name of the target that it makes.
      kwargs: The further arguments.

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
    return struct(
        public = given,
        private = given | {"visibility": ["//visibility:private"]},
    )
