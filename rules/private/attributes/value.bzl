"""A value that an attribute X, a file X_file or a flag X_flag gives, such as `version`."""

load("@bazel_skylib//rules:common_settings.bzl", "BuildSettingInfo")
load("//rules/private/checks:date.bzl", "date_error")
load("//rules/private/checks:errors.bzl", "display", "refuse")
load("//rules/private/checks:integer.bzl", "A_VERSION", "UINT32_MAX", "is_integer", "refuse_integer")
load(":integer.bzl", "integer_attribute", "integer_of")

visibility("//rules/...")

def _version_error(text):
    return None if is_integer(text) else A_VERSION

def _counter_error(text):
    return None if is_integer(text) else "write an integer from 1 to %d" % UINT32_MAX

def _line_error(text):
    return None if text and len(text.splitlines()) == 1 else "write one line of text"

# The kinds of values. `error_of` returns the problem of a text, or None.
VERSION = struct(error_of = _version_error, example = "7", is_integer = True)
COUNTER = struct(error_of = _counter_error, example = "7", is_integer = True)
DATE = struct(error_of = date_error, example = "2031-01-01T00:00:00Z", is_integer = False)
LINE = struct(error_of = _line_error, example = "1.4.0", is_integer = False)

def value_attributes(name, kind, doc):
    """Declares the attributes of a rule for one value.

    Args:
      name: The attribute's name.
      kind: The kind of the value: `VERSION`, `COUNTER`, `DATE` or `LINE`.
      doc: Its documentation.

    Returns:
      A dict of attributes.
    """
    own = integer_attribute(name, doc = doc) if kind.is_integer else {name: attr.string(doc = doc)}
    return own | {
        name + "_file": attr.label(
            doc = "A file that contains the value of `%s`." % name,
            allow_single_file = True,
        ),
        name + "_flag": attr.label(
            doc = "A build setting that holds the value of `%s`." % name,
            providers = [BuildSettingInfo],
        ),
    }

def value_of(ctx, label, name, kind, mandatory = True):
    """Returns the value of the attributes of `value_attributes`.

    Args:
      ctx: The context of a rule with these attributes.
      label: The Label of the rule, as the user wrote it.
      name: The attribute's name.
      kind: The kind of the value.
      mandatory: A bool: whether the function fails if the value is not given.

    Returns:
      None if the value is not given, otherwise a struct of `text`, the checked value, and `file`, the File that
      contains the value. One of the two is None: only actions read the file.
    """
    own = integer_of(ctx.attr, name) if kind.is_integer else getattr(ctx.attr, name)
    file = getattr(ctx.attr, name + "_file")
    flag = getattr(ctx.attr, name + "_flag")
    given = {
        name: own,
        name + "_file": file and display(file.label),
        name + "_flag": flag and display(flag.label),
    }
    given = {attribute: value for attribute, value in given.items() if value}
    if not given and not mandatory:
        return None
    if len(given) != 1:
        refuse(label, " and ".join(given) or name, given.values() or None, "write exactly one of {0}, {0}_file and {0}_flag".format(name))
    if file:
        return struct(text = None, file = getattr(ctx.file, name + "_file"))
    if flag:
        own = _text_of_flag(label, name + "_flag", kind, flag)
    elif kind.error_of(own):
        (refuse_integer if kind.is_integer else refuse)(label, name, own, kind.error_of(own))
    return struct(text = own, file = None)

def _text_of_flag(label, attribute, kind, flag):
    name = display(flag.label)
    value = flag[BuildSettingInfo].value
    if type(value) not in ["int", "string"]:
        refuse(label, attribute, name, "the flag is a %s; name an int_flag or a string_flag" % type(value))
    if kind == DATE and type(value) == "int":
        refuse(label, attribute, name, "the flag is an int, which cannot hold a date; name a string_flag")
    problem = kind.error_of(str(value))
    if problem:
        refuse(label, attribute, name, "the flag is %s; %s, as in --%s=%s" % (repr(str(value)), problem, name, kind.example))
    return str(value)

def int_of(value):
    """Returns an integer from `value_of`.

    Args:
      value: The struct that `value_of` returned for a `VERSION` or `COUNTER`.

    Returns:
      The int, or None if only a file contains it.
    """
    return None if value.text == None else int(value.text, 10)
