"""Images of the gateway: unified kernel images with an initial RAM disk, the boot loader, and the firmware's variables."""

load("@bazel_skylib//rules:run_binary.bzl", "run_binary")
load("@gateway_debian//:debian.bzl", "KERNEL", "NEEDS_PACKAGES")

_BOOT = "/usr/lib/systemd/boot/efi/"

# The owner of the keys in the firmware's variables.
_OWNER = "4a0b7e11-9b1c-4d5c-8d5e-2f6b8a1c0d3e"

# sbsign writes the time into its signature.
_SIGNED_AT = "2026-12-01 00:00:00"

def _debian(name, out, words, srcs = []):
    """Runs a program of Debian that writes one file."""
    run_binary(
        name = name,
        srcs = srcs + ["@gateway_debian//:packages.txt"],
        outs = [out],
        args = words,
        tags = ["manual"],
        target_compatible_with = NEEDS_PACKAGES,
        tool = "//examples/gateway/image:run_debian",
    )

def signed_program(name, out, program, key = "image", srcs = []):
    """Signs an EFI program with a key for images, as the firmware checks it.

    Args:
      name: The name.
      out: The signed program.
      program: The path or `$(execpath)` of the program.
      key: The name of the key in `keys`.
      srcs: The labels in `program`.
    """
    files = ["keys/throwaway_%s_key.pem" % key, "keys/throwaway_%s_certificate.pem" % key]
    _debian(
        name = name,
        out = out,
        srcs = srcs + files,
        words = [
            "faketime",
            "-f",
            _SIGNED_AT,
            "sbsign",
            "--key",
            "$(execpath %s)" % files[0],
            "--cert",
            "$(execpath %s)" % files[1],
            "--output",
            "$(execpath %s)" % out,
            program,
        ],
    )

def _ram_disk(name, files = {}, programs = {}, modules = [], words = [], srcs = []):
    """Makes `NAME.ram_disk.zst`. `files` and `programs` have the label of each place; `words` are further arguments."""
    out = name + ".ram_disk.zst"
    run_binary(
        name = name,
        srcs = srcs + files.values() + programs.values() + modules + ["@gateway_debian//:packages.txt"],
        outs = [out],
        args = words + ["--file=%s=$(execpath %s)" % item for item in files.items()] +
               ["--program=%s=$(execpath %s)" % item for item in programs.items()] +
               ["--python=$(execpath %s)" % module for module in modules] +
               ["--out=$(execpath %s)" % out],
        tags = ["manual"],
        target_compatible_with = NEEDS_PACKAGES,
        tool = "//examples/gateway/image:ram_disk",
    )

def system(name):
    """Makes the part of the RAM disk that is the same in all releases: busybox, Python and the client.

    Args:
      name: The name.
    """
    _ram_disk(
        name = name,
        srcs = [":client_packages"],
        modules = ["device/gateway_console.py"],
        programs = {"bin/restart": "device/restart"},
        words = [
            "--modules=/usr/lib/modules/" + KERNEL,
            "--packages=$(execpath :client_packages)",
        ],
    )

def image(name, version, root, init = "device/init", key = "image", system = "system"):
    """Makes a unified kernel image: `NAME.efi` is signed, and `NAME.unsigned.efi` is not.

    Args:
      name: The name.
      version: The version, which the device shows at its start.
      root: The root metadata in the image: the anchor.
      init: The first program.
      key: The name of the key in `keys` that signs it.
      system: The name of the system in its RAM disk.
    """
    files = {
        "etc/software_update/client.toml": "device/client.toml",
        "usr/share/software_update/light_root.pb": ":light_root",
        "usr/share/software_update/repository_root.json": ":repository_root.json",
        "usr/share/software_update/root.pb": root,
    }
    native.genrule(
        name = name + "_version",
        outs = [name + ".os_release"],
        cmd = "printf 'ID=gateway\\nNAME=\"Example gateway\"\\nVERSION_ID=%s\\n' >$@" % version,
        tags = ["manual"],
    )
    files["etc/os-release"] = name + ".os_release"
    _ram_disk(
        name = name + "_files",
        files = files,
        programs = {"init": init},
    )
    _debian(
        name = name + "_unsigned",
        out = name + ".unsigned.efi",
        srcs = [
            system + ".ram_disk.zst",
            name + "_files.ram_disk.zst",
            name + ".os_release",
        ],
        words = [
            "ukify",
            "build",
            "--linux=/boot/vmlinuz-" + KERNEL,
            "--initrd=$(execpath %s.ram_disk.zst)" % system,
            "--initrd=$(execpath %s_files.ram_disk.zst)" % name,
            "--os-release=@$(execpath %s.os_release)" % name,
            "--uname=" + KERNEL,
            "--cmdline=console=ttyS0 quiet panic=-1 no_timer_check",
            "--stub=%slinuxx64.efi.stub" % _BOOT,
            "--output=$(execpath %s.unsigned.efi)" % name,
        ],
    )
    signed_program(
        name = name,
        out = name + ".efi",
        key = key,
        srcs = [name + ".unsigned.efi"],
        program = "$(execpath %s.unsigned.efi)" % name,
    )

def firmware_variables(name):
    """Makes `NAME.fd`, the variables of a firmware that trusts the key for images.

    Args:
      name: The name.
    """
    certificates = ["keys/throwaway_%s_certificate.pem" % key for key in ("platform", "exchange", "image")]
    _debian(
        name = name,
        out = name + ".fd",
        srcs = certificates,
        words = [
            "virt-fw-vars",
            "--input=/usr/share/OVMF/OVMF_VARS_4M.fd",
            "--output=$(execpath %s.fd)" % name,
            "--set-pk",
            _OWNER,
            "$(execpath %s)" % certificates[0],
            "--add-kek",
            _OWNER,
            "$(execpath %s)" % certificates[1],
            "--add-db",
            _OWNER,
            "$(execpath %s)" % certificates[2],
            "--sb",
        ],
    )

def boot_loader(name):
    """Makes `NAME.efi`, systemd-boot with a signature.

    Args:
      name: The name.
    """
    signed_program(
        name = name,
        out = name + ".efi",
        program = _BOOT + "systemd-bootx64.efi",
    )
