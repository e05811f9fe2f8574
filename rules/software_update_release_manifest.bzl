"""The rule `software_update_release_manifest`."""

load("//rules/private:software_update_release_manifest.bzl", _software_update_release_manifest = "software_update_release_manifest")
load("//rules/private/attributes:common.bzl", "common_attributes")
load("//rules/private/attributes:integer.bzl", "integer_arguments")

def software_update_release_manifest(
        *,
        name,
        product,
        release_version = None,
        release_version_file = None,
        release_version_flag = None,
        release_counter = None,
        release_counter_file = None,
        release_counter_flag = None,
        hardware_ids = None,
        minimum_release_counter = None,
        minimum_release_counter_file = None,
        minimum_release_counter_flag = None,
        notes = None,
        kind = None,
        severity = None,
        advisories = None,
        duration = None,
        unavailable_functions = None,
        reversible = None,
        texts = None,
        claims = None,
        attachments = None,
        support_until = None,
        support_until_file = None,
        support_until_flag = None,
        out = None,
        **kwargs):
    """Writes a release manifest: a JSON document that describes a release, for devices and for people.

    Write its label into the attribute `user_manifest` of a `software_update_bundle`. The signatures of the bundle also
    cover the release manifest, and the verification enforces it: it rejects a release counter lower than the installed
    one, a release that skips a required release, and a release for other hardware.

    Args:
      name: A string: the manifest's name.
      product: A string: the product's name. No device compares it: if several products trust the same root, give each
        its own `hardware_ids`.
      release_version: A string: the version for people, such as `1.4.0`. Set exactly one of `release_version`,
        `release_version_file` and `release_version_flag`.
      release_version_file: A label of a file with one line, the version for people, read when the manifest is built.
      release_version_flag: A label of a build setting that holds the version for people, such as a `string_flag` of
        bazel_skylib.
      release_counter: An integer from 1 to 4294967295, the same in decimal text, or a `select()` of either: a number that
        never decreases from one release to the next. In a `select()`, write an integer above 2147483647 as text. The
        counter continues when the versions of the targets metadata start again, after a root removed enough targets
        keys. Set exactly one of `release_counter`, `release_counter_file` and `release_counter_flag`.
      release_counter_file: A label of a file that contains the release counter, read when the manifest is built.
      release_counter_flag: A label of a build setting that holds the release counter, such as an `int_flag` or a
        `string_flag` of bazel_skylib.
      hardware_ids: A list of strings: the hardware ids that the release is for. A device with another hardware id
        rejects the release. By default, the release is for any hardware.
      minimum_release_counter: An integer, in the same forms as `release_counter`: the release counter that a device
        must have installed before this release. Set at most one of
        `minimum_release_counter`, `minimum_release_counter_file` and `minimum_release_counter_flag`. By default, any.
      minimum_release_counter_file: A label of a file that contains this counter, read when the manifest is built.
      minimum_release_counter_flag: A label of a build setting that holds this counter.
      notes: A label of a text file in UTF-8: the release notes. By default, none.
      kind: A string: `security`, `feature` or `both`, the contents of the release. By default, not stated.
      severity: A string: `low`, `medium`, `high` or `critical`, how urgent the release is. By default, not stated.
      advisories: A list of labels of JSON files: security advisories about the vulnerabilities that the release fixes.
        Each file has a list of objects with `id`, `severity`, `text` and optionally `action`, which says what people
        should do apart from installing the release. By default, none.
      duration: An integer from 1, in the same forms as `release_counter`: the time that the installation is expected to
        take, in seconds. By default, not stated.
      unavailable_functions: A list of strings: the functions of the product that do not work during the update, such as
        `heating`, for people. By default, none.
      reversible: A bool: whether the update can be undone after it is committed. By default, not stated.
      texts: A dict from string to label: language tags (BCP 47), such as `de` or `pt-BR`, and for each a JSON file with
        an object: `notes` and `unavailable_functions` in this language, both optional. By default, none.
      claims: A list of labels of JSON files: the vendor's claims about targets, which devices and people compare with
        their own values. Each file has an object with a member for each target: an object with `component`, the part of
        the product; `area`: `boot_loader`, `system`, `application`, `configuration` or `model`; and optionally `reach`,
        a list of the powers that the target has: `network`, `radio`, `storage`, `keys`, `actuators`, `personal_data` and
        `updates`; `confined_by`: `mpu`, `tee`, `process`, `container`, `virtual_machine` or `none`; and `reversible`, a
        boolean: whether the update of the target can be undone. The build rejects other words, and building the bundle
        fails if it does not list a target. By default, none.
      attachments: A list of labels of files that people can check with the release, such as its SBOM. The manifest lists
        the name, length and SHA-256 of each, so the signatures cover them. The name is that of the file, without its
        folder. By default, none.
      support_until: A string: when the support of the release ends, such as `2031-01-01T00:00:00Z`. Set at most one
        of `support_until`, `support_until_file` and `support_until_flag`. By default, not stated.
      support_until_file: A label of a file that contains this date, read when the manifest is built.
      support_until_flag: A label of a build setting that holds this date, such as a `string_flag` of bazel_skylib.
      out: A string: the manifest's file name. By default, `NAME.json`.
      **kwargs: Attributes that Bazel gives every rule, such as `tags` and `visibility`. Write `tags` without
        `select()`.
    """
    common = common_attributes("software_update_release_manifest", name, kwargs)
    _software_update_release_manifest(
        name = name,
        advisories = advisories,
        attachments = attachments,
        claims = claims,
        hardware_ids = hardware_ids,
        kind = kind,
        minimum_release_counter_file = minimum_release_counter_file,
        minimum_release_counter_flag = minimum_release_counter_flag,
        notes = notes,
        out = out or name + ".json",
        product = product,
        release_counter_file = release_counter_file,
        release_counter_flag = release_counter_flag,
        release_version = release_version,
        release_version_file = release_version_file,
        release_version_flag = release_version_flag,
        reversible = reversible,
        reversible_or_true = reversible,
        severity = severity,
        support_until = support_until,
        support_until_file = support_until_file,
        support_until_flag = support_until_flag,
        texts = texts,
        unavailable_functions = unavailable_functions,
        **(common.public | integer_arguments(
            duration = duration,
            minimum_release_counter = minimum_release_counter,
            release_counter = release_counter,
        ))
    )
