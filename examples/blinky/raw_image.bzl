"""Turns a linked program into the bytes that go into flash."""

load("@rules_cc//cc:action_names.bzl", "ACTION_NAMES")
load("@rules_cc//cc:find_cc_toolchain.bzl", "CC_TOOLCHAIN_TYPE", "find_cc_toolchain", "use_cc_toolchain")
load("@rules_cc//cc/common:cc_common.bzl", "cc_common")

def _raw_image_impl(ctx):
    toolchain = find_cc_toolchain(ctx)
    features = cc_common.configure_features(
        ctx = ctx,
        cc_toolchain = toolchain,
        requested_features = ctx.features,
        unsupported_features = ctx.disabled_features,
    )
    image = ctx.actions.declare_file(ctx.label.name + ".bin")
    ctx.actions.run(
        executable = cc_common.get_tool_for_action(
            feature_configuration = features,
            action_name = ACTION_NAMES.objcopy_embed_data,
        ),
        arguments = [ctx.actions.args().add_all(["-O", "binary", ctx.file.program, image])],
        inputs = depset([ctx.file.program], transitive = [toolchain.all_files]),
        outputs = [image],
        env = {"LC_ALL": "C"},
        execution_requirements = {"supports-path-mapping": "1"},
        mnemonic = "RawImage",
        progress_message = "Making raw image %{output}",
        toolchain = CC_TOOLCHAIN_TYPE,
    )
    return [DefaultInfo(files = depset([image]))]

raw_image = rule(
    implementation = _raw_image_impl,
    doc = "NAME.bin: what a linked program puts into memory, as raw bytes from its lowest address on.",
    attrs = {
        "program": attr.label(
            doc = "The linked program, an ELF file.",
            allow_single_file = True,
            mandatory = True,
        ),
    },
    fragments = ["cpp"],
    toolchains = use_cc_toolchain(),
)
