"""A test of which platform everything in a bundle is built for: the tools here, the images for the board."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")

_BuiltForInfo = provider(
    doc = "Which platforms the targets below this one are built for.",
    fields = {"platforms": "depset of structs of label, platform and is_tool."},
)

def _flat(value):
    if type(value) == type([]):
        return value
    if type(value) == type({}):
        return value.keys() + value.values()
    return [value]

def _built_for_impl(target, ctx):
    below = []
    for name in dir(ctx.rule.attr):
        value = getattr(ctx.rule.attr, name)
        for dep in _flat(value):
            if type(dep) == type(target) and _BuiltForInfo in dep:
                below.append(dep[_BuiltForInfo].platforms)
    return [_BuiltForInfo(platforms = depset(
        [struct(
            label = target.label,
            platform = ctx.fragments.platform.platform,
            # There is no other way for Starlark to tell: the folder of the outputs has it in its name.
            is_tool = "-exec" in ctx.bin_dir.path,
        )],
        transitive = below,
    ))]

_built_for = aspect(
    implementation = _built_for_impl,
    doc = "Collects, for every target that a target depends on, the platform that it is built for.",
    attr_aspects = ["*"],
    fragments = ["platform"],
)

def _configurations_test_impl(ctx):
    env = analysistest.begin(ctx)
    built_for = analysistest.target_under_test(env)[_BuiltForInfo].platforms.to_list()

    # An exec platform is whatever is registered as one: all that counts is that it is not the board.
    tool = struct(for_board = False, is_tool = True)
    program = struct(for_board = True, is_tool = False)
    expected = {label: tool for label in ctx.attr.tools} | {label: program for label in ctx.attr.programs}
    for label, how in expected.items():
        found = [
            struct(for_board = built.platform == Label(ctx.attr.platform), is_tool = built.is_tool)
            for built in built_for
            if built.label == Label(label)
        ]
        asserts.equals(env, [how], found, "how %s is built" % label)
    return analysistest.end(env)

configurations_test = analysistest.make(
    _configurations_test_impl,
    # Strings and not labels: the test itself is built for this machine, where the programs do not fit.
    attrs = {
        "platform": attr.string(
            doc = "The platform of the firmware.",
            mandatory = True,
        ),
        "programs": attr.string_list(
            doc = "What has to be built for that platform, and for no other.",
            mandatory = True,
        ),
        "tools": attr.string_list(
            doc = "What has to be built for the machine that builds, as a tool, and for nothing else.",
            mandatory = True,
        ),
    },
    doc = "Fails where the target under test does not build its tools for here, and its programs for the board.",
    extra_target_under_test_aspects = [_built_for],
    fragments = ["platform"],
)
