"""A C toolchain's configuration: arm-none-eabi-gcc for a Cortex-M3."""

load("@blinky_host_tools//:host_tools.bzl", "COMPILER", "COMPILER_INCLUDE_FOLDERS")
load("@rules_cc//cc:action_names.bzl", "ACTION_NAMES", "ACTION_NAME_GROUPS")
load(
    "@rules_cc//cc:cc_toolchain_config_lib.bzl",
    "action_config",
    "feature",
    "flag_group",
    "flag_set",
    "tool",
    "tool_path",
)
load("@rules_cc//cc/common:cc_common.bzl", "cc_common")
load("@rules_cc//cc/toolchains:cc_toolchain_config_info.bzl", "CcToolchainConfigInfo")
load(":flags.bzl", "COMPILE", "LINK")

def _flags(name, actions, flags):
    return feature(
        name = name,
        enabled = True,
        flag_sets = [flag_set(actions = actions, flag_groups = [flag_group(flags = flags)])],
    )

def _program(name):
    """The path of a program of the compiler's family."""
    return COMPILER.removesuffix("gcc") + name if COMPILER else "/missing/" + name

def _cc_toolchain_config_impl(ctx):
    return cc_common.create_cc_toolchain_config_info(
        ctx = ctx,
        toolchain_identifier = "blinky_cortex_m3",
        compiler = "gcc",
        target_cpu = "armv7-m",
        target_libc = "none",
        target_system_name = "arm-none-eabi",
        abi_version = "eabi",
        abi_libc_version = "none",
        cxx_builtin_include_directories = COMPILER_INCLUDE_FOLDERS,
        tool_paths = [
            tool_path(name = name, path = _program(name))
            for name in ["ar", "cpp", "gcc", "gcov", "ld", "nm", "objcopy", "objdump", "strip"]
        ],
        action_configs = [
            action_config(
                action_name = ACTION_NAMES.objcopy_embed_data,
                enabled = True,
                tools = [tool(path = _program("objcopy"))],
            ),
        ],
        features = [
            _flags("cortex_m3_compile", ACTION_NAME_GROUPS.all_cc_compile_actions, COMPILE),
            _flags("cortex_m3_link", ACTION_NAME_GROUPS.all_cc_link_actions, LINK),
        ],
    )

cc_toolchain_config = rule(
    implementation = _cc_toolchain_config_impl,
    doc = "The configuration of arm-none-eabi-gcc for a Cortex-M3.",
    provides = [CcToolchainConfigInfo],
)
