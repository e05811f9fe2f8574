"""The rule `software_update_device_image`."""

load("//rules/private:software_update_device_image.bzl", _software_update_device_image = "software_update_device_image")
load("//rules/private/attributes:common.bzl", "common_attributes")

def software_update_device_image(
        *,
        name,
        bundle,
        layout,
        configuration,
        trusted_root = None,
        other_roots = None,
        domain = None,
        slot = None,
        files = None,
        places = None,
        out = None,
        **kwargs):
    """Makes the disk image of a device for the factory.

    The image has a GUID partition table with the partitions of `layout`, the release in its slot, `files` such as the
    boot loader, and the state of the client: the floor is the release of `bundle`, and the preset is that of
    `configuration`. The client's own code installs the release and records the state. The same inputs give the same
    bytes. The image contains no secret, because a device makes its own at its first start. The guide
    [The factory line, step by step](../../guides/factory.md) says how to use the image.

    The output group `report` contains `NAME.device_image.json`, with the partitions, the floor, the roots and the
    digests of everything in the image.

    Building the image fails if a device with `configuration` rejects the release: it verifies the bundle from
    `trusted_root`, compares the hardware ids, and compares the claims of the release with the powers and areas of the
    domain. In the signing mode `release`, it also fails if a root lists a development key. In the mode `unsigned`, `NAME`
    makes nothing, because devices reject an unsigned bundle.

    The action needs programs of this machine: `mkfs.fat` (Debian's package dosfstools), `mmd` and `mcopy` (mtools) for
    FAT, and `mke2fs` and `debugfs` (e2fsprogs) for ext4. Their paths and versions are inputs of the action, and it runs
    on no other machine.

    Args:
      name: A string: the image's name.
      bundle: A label of a `software_update_bundle`, of a `software_update_promotion` or of a file: the bundle that devices
        ship with. It contains the payloads of all targets.
      layout: A label of a file: the partitions, `software_update.device_layout.v1`.
      configuration: A label of a file: the configuration of the client on the device, `client.toml`. Its installers
        say where the targets go, and its paths must be on partitions of the image or in the release.
      trusted_root: A label of a `software_update_root` or of a file: the root that the device trusts for the domain of
        the bundle. By default, the root with which the verification of the bundle starts. Mandatory if that is a file.
      other_roots: A dict from string to label: the roots of the other trust domains in `configuration`, by the name of
        the domain.
      domain: A string: the trust domain of the bundle. By default, the only one.
      slot: A string: the slot that gets the release. By default, the first slot of the domain.
      files: A dict from string to label: places in the image, and the files that go there. A place is `PARTITION` or
        `PARTITION:/PATH`, such as `esp:/EFI/BOOT/BOOTX64.EFI`. By default, none.
      places: A dict from string to string: targets, and their places if no installer of the type `raw` or `directory`
        takes them. By default, none.
      out: A string: the image's file name. By default, `NAME.img`.
      **kwargs: Attributes that Bazel gives every rule, such as `tags` and `visibility`. Write `tags` without
        `select()`.
    """
    common = common_attributes("software_update_device_image", name, kwargs)
    _software_update_device_image(
        name = name,
        bundle = bundle,
        configuration = configuration,
        domain = domain,
        files = files,
        layout = layout,
        other_roots = other_roots,
        out = out or name + ".img",
        places = places,
        slot = slot,
        trusted_root = trusted_root,
        **common.public
    )
