"""Helpers for tests of the actions of a target."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")

SIGNING = str(Label("//rules/settings:signing"))

_ActionsInfo = provider(
    doc = "All actions of the targets of these tests, and all validations, that a target depends on, its own among them.",
    fields = {
        "actions": "depset of Action.",
        "validations": "depset of File.",
    },
)

def _actions_aspect_impl(target, ctx):
    dependencies = []
    for name in dir(ctx.rule.attr):
        value = getattr(ctx.rule.attr, name)
        values = value.values() if type(value) == "dict" else value if type(value) == "list" else [value]
        dependencies += [each for each in values if type(each) == "Target" and _ActionsInfo in each]
    here = str(target.label)
    ours = "//tests/analysis" in here or "//tools/dev_keys" in here
    groups = target[OutputGroupInfo] if OutputGroupInfo in target else None
    return [_ActionsInfo(
        actions = depset(
            target.actions if ours else [],
            transitive = [dependency[_ActionsInfo].actions for dependency in dependencies],
        ),
        # Bazel runs those of what a target depends on, too.
        validations = depset(transitive = [getattr(groups, "_validation", depset())] + [
            dependency[_ActionsInfo].validations
            for dependency in dependencies
        ]),
    )]

actions_aspect = aspect(
    implementation = _actions_aspect_impl,
    attr_aspects = ["*"],
)

def actions_of(target):
    """The actions behind a target that `actions_aspect` has visited, Bazel's own among them."""
    return target[_ActionsInfo].actions.to_list()

def our_actions_of(target):
    """Those of them that our rules declare with a command."""
    return [action for action in actions_of(target) if action.mnemonic.startswith("SoftwareUpdate")]

def validations_of(target):
    """The files of all validations behind a target that `actions_aspect` has visited."""
    return target[_ActionsInfo].validations.to_list()

def actions_behind(actions, files):
    """Those of the actions that some files come from.

    Args:
      actions: A list of Action.
      files: A list of File.

    Returns:
      A list of Action.
    """
    files = {file: None for file in files}
    found = {}

    # The longest way from an action to a file is shorter than their number.
    for _ in actions:
        for action in actions:
            outputs = action.outputs.to_list()
            if any([file in files for file in outputs]) and str(outputs) not in found:
                files.update({file: None for file in action.inputs.to_list()})
                found[str(outputs)] = action
    return found.values()

def files_of_tests(files):
    """Those of a depset of files that lie here: neither the tool nor what it runs on, nor files of arguments."""
    return [file for file in files.to_list() if file.short_path.startswith("tests/analysis/") and file.extension != "params"]

def _error_test_impl(ctx):
    env = analysistest.begin(ctx)
    asserts.expect_failure(env, ctx.attr.message)
    return analysistest.end(env)

def error_test(mode = "dev"):
    """A rule for tests of one mistake.

    Args:
      mode: The signing mode in which it is analysed.

    Returns:
      The rule, with the attribute `message`: a part of the error.
    """
    return analysistest.make(
        _error_test_impl,
        attrs = {"message": attr.string(mandatory = True)},
        config_settings = {SIGNING: mode},
        expect_failure = True,
    )
