"""The configuration of C and C++ toolchains: arm-none-eabi-gcc for a Cortex-M core."""

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
load(":flags.bzl", "C", "COMPILE", "CORTEX_M0", "CORTEX_M3", "CXX", "LINK")

_MACHINES = {
    "armv6-m": CORTEX_M0,
    "armv7-m": CORTEX_M3,
}

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
    machine = _MACHINES[ctx.attr.cpu]
    return cc_common.create_cc_toolchain_config_info(
        ctx = ctx,
        toolchain_identifier = "blinky_" + ctx.attr.cpu,
        compiler = "gcc",
        target_cpu = ctx.attr.cpu,
        # The SBOM names it.
        target_libc = "picolibc",
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
            _flags("cortex_m_compile", ACTION_NAME_GROUPS.all_cc_compile_actions, machine + COMPILE),
            _flags("cortex_m_c", [ACTION_NAMES.c_compile], C),
            _flags("cortex_m_cxx", ACTION_NAME_GROUPS.all_cpp_compile_actions, CXX),
            _flags("cortex_m_link", ACTION_NAME_GROUPS.all_cc_link_actions, machine + LINK),
        ],
    )

cc_toolchain_config = rule(
    implementation = _cc_toolchain_config_impl,
    doc = "The configuration of arm-none-eabi-gcc for a Cortex-M core.",
    attrs = {
        "cpu": attr.string(
            doc = "The instruction set, by its name in `@platforms//cpu`.",
            mandatory = True,
            values = _MACHINES.keys(),
        ),
    },
    provides = [CcToolchainConfigInfo],
)
