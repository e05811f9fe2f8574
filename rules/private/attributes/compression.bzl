"""The attributes `compression`, `compression_of` and `compression_level`."""

load("//rules/private/checks:errors.bzl", "refuse")

visibility("//rules/...")

_CHOICES = ["none", "zstd"]
_MAX_LEVEL = 19

# tools/software_update/bundle/compress.py has the same.
_DEFAULT_LEVEL = 10

COMPRESSION = {
    "compression": attr.string(doc = "The compression of the payloads: `none` or `zstd`; empty for `none`."),
    "compression_level": attr.int(doc = "The level of zstd, from 1 to 19.", default = _DEFAULT_LEVEL),
    "compression_of": attr.string_dict(doc = "The compression of single keys of `targets`."),
}

def compressed_keys(ctx, label):
    """Returns the keys of the attribute `targets` whose payloads the bundle contains compressed.

    Args:
      ctx: The context of a rule with the attributes of `COMPRESSION`, and `targets`.
      label: The bundle's Label, for errors.

    Returns:
      A list of strings.
    """
    compression = ctx.attr.compression or "none"
    _check_choice(label, "compression", compression)
    if ctx.attr.compression_level < 1 or ctx.attr.compression_level > _MAX_LEVEL:
        refuse(label, "compression_level", ctx.attr.compression_level, "this is not a level of zstd; write an integer from 1 to %d" % _MAX_LEVEL)
    for key, value in ctx.attr.compression_of.items():
        attribute = "compression_of[%s]" % repr(key)
        if key not in ctx.attr.targets:
            refuse(label, attribute, value, "targets has no such key; write a key of targets")
        _check_choice(label, attribute, value)
    return [key for key in ctx.attr.targets if ctx.attr.compression_of.get(key, compression) == "zstd"]

def _check_choice(label, attribute, value):
    if value not in _CHOICES:
        refuse(label, attribute, value, "this is not a compression; write \"none\" or \"zstd\"")
