"""Releases of a lamp, and the repositories that publish them one after another."""

load("@bazel_skylib//rules:run_binary.bzl", "run_binary")
load("//rules:defs.bzl", "software_update_bundle", "software_update_release_manifest", "software_update_repository")

def release(name, version, counter, **kwargs):
    """Makes a bundle with a system that U-Boot starts.

    Args:
      name: The bundle's name.
      version: The version for people.
      counter: The release counter, which is also the version of the targets metadata.
      **kwargs: More attributes of the release manifest.
    """
    run_binary(
        name = name + "_system",
        testonly = True,
        outs = [name + ".img"],
        args = [version, "$(execpath :%s.img)" % name],
        tool = ":make_image",
    )
    software_update_release_manifest(
        name = name + "_manifest",
        product = "lamp",
        release_counter = counter,
        release_version = version,
        **kwargs
    )
    software_update_bundle(
        name = name,
        targets = {"system": name + "_system"},
        user_manifest = name + "_manifest",
        version = counter,
    )

def repository(name, releases):
    """Makes the list of releases of a repository.

    Args:
      name: The name.
      releases: The bundles.
    """
    software_update_repository(
        name = name,
        channel = "stable",
        releases = releases,
        trusted_root = "//tools/dev_keys:dev_root",
    )
