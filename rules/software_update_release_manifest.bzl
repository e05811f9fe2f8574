"""The rule `software_update_release_manifest`."""

load("//rules/private:software_update_release_manifest.bzl", _software_update_release_manifest = "software_update_release_manifest")
load("//rules/private/attributes:common.bzl", "common_attributes")
load("//rules/private/attributes:integer.bzl", "integer_arguments")

def software_update_release_manifest(
        *,
        name,
        product,
        release_version,
        release_counter,
        hardware_ids = None,
        minimum_release_counter = None,
        notes = None,
        severity = None,
        support_until = None,
        out = None,
        **kwargs):
    """Writes a release manifest: what a release says of itself, for devices and for people.

    It belongs into the attribute `user_manifest` of a `software_update_bundle`. What signs the bundle signs it,
    and the verification acts on it: it refuses a lower release counter than what is installed, a skipped
    stepping stone, and another hardware.

    Args:
      name: The manifest's name.
      product: The product's name.
      release_version: The version that people read, such as `1.4.0`.
      release_counter: An integer that never falls from one release to the next: from 1 to 4294967295, as a number or as
        decimal text, or a `select()` of one of the two. In a `select()`, write an integer above 2147483647 as text. The
        counter continues where the targets versions start again, after a root removed enough targets keys.
      hardware_ids: What the release is for. A device that is something else refuses it. By default it does
        not say.
      minimum_release_counter: The release counter that a device must have installed before this release, in the same
        spellings as `release_counter`. By default any.
      notes: A text file with what is new.
      severity: How urgent it is: `low`, `medium`, `high` or `critical`.
      support_until: When the support of the release ends, such as `2031-01-01T00:00:00Z`.
      out: The file's name. The default is `NAME.json`.
      **kwargs: The attributes that Bazel gives every rule, such as `tags` and `visibility`. Write `tags`
        without `select()`.
    """
    common = common_attributes("software_update_release_manifest", name, kwargs)
    _software_update_release_manifest(
        name = name,
        hardware_ids = hardware_ids,
        notes = notes,
        out = out or name + ".json",
        product = product,
        release_version = release_version,
        severity = severity,
        support_until = support_until,
        **(common.public | integer_arguments(
            minimum_release_counter = minimum_release_counter,
            release_counter = release_counter,
        ))
    )
