"""The rule behind the macro `software_update_repository`.

Its global variable has the name of the macro, because `bazel query --output=label_kind` shows it.
"""

load("//rules/private/actions:personalize.bzl", "personalize")
load("//rules/private/actions:release_list.bzl", "release_list")
load("//rules/private/actions:tool.bzl", "TOOL")
load("//rules/private/attributes:installed.bzl", "installed_manifest_of")
load("//rules/private/attributes:signing.bzl", "SIGNING", "signing_mode")
load("//rules/private/checks:errors.bzl", "display", "refuse")
load("//rules/providers:software_update_bundle_info.bzl", "SoftwareUpdateBundleInfo")

visibility("//rules/...")

RELEASE_LIST_ENDING = ".release_list.json"

def _bundles(releases):
    """Returns the File of each bundle."""
    found = []
    for target in releases:
        if SoftwareUpdateBundleInfo in target:
            found.append(target[SoftwareUpdateBundleInfo].bundle)
        else:
            found.extend(target[DefaultInfo].files.to_list())
    return found

def _trusted_root(ctx):
    """Returns the root that devices trust: the attribute, or that of the oldest release."""
    if ctx.file.trusted_root:
        return ctx.file.trusted_root
    oldest = ctx.attr.releases[0]
    if SoftwareUpdateBundleInfo not in oldest:
        refuse(ctx.label, "trusted_root", None, "write the root that devices trust: %s is a file, and names none" % display(oldest.label))
    return oldest[SoftwareUpdateBundleInfo].trusted_root

def _linked(ctx, file, folder):
    """Returns a link to a file, below the folder of the list.

    Its path from there is the same below bazel-bin and in runfiles, wherever the file itself is.
    """
    link = ctx.actions.declare_file("%s.release_list/%s/%s" % (ctx.label.name, folder, file.basename))
    ctx.actions.symlink(output = link, target_file = file)
    return link

def _personalized(ctx, newest):
    """Returns pairs of File: a bundle for the devices with a release, and a link to their installed manifest."""
    found = []
    for number, target in enumerate(ctx.attr.personalized_for):
        for file in target[DefaultInfo].files.to_list():
            installed = installed_manifest_of(ctx.label, target, file)
            folder = "personalized_%d" % (number + 1)
            output = ctx.actions.declare_file("%s.release_list/%s/%s" % (ctx.label.name, folder, newest.basename))
            personalize(ctx, bundle = newest, installed = installed, output = output)
            found.append((output, _linked(ctx, installed, folder)))
    return found

def _software_update_repository_impl(ctx):
    if not ctx.attr.releases:
        refuse(ctx.label, "releases", [], "write at least one bundle, the oldest release first")
    trusted_root = _trusted_root(ctx)

    # A device rejects an unsigned bundle.
    if signing_mode(ctx) == "unsigned" and [each for each in ctx.attr.releases if SoftwareUpdateBundleInfo in each and not each[SoftwareUpdateBundleInfo].installed]:
        return [DefaultInfo()]
    bundles = _bundles(ctx.attr.releases)
    links = [_linked(ctx, file, "release_%d" % (number + 1)) for number, file in enumerate(bundles)]
    root = _linked(ctx, trusted_root, "root")
    repository_root = _linked(ctx, ctx.file.repository_root, "repository") if ctx.file.repository_root else None
    personalized = _personalized(ctx, bundles[-1])
    output = ctx.actions.declare_file(ctx.label.name + RELEASE_LIST_ENDING)
    release_list(
        ctx,
        channel = ctx.attr.channel,
        trusted_root = root,
        repository_root = repository_root,
        bundles = links,
        personalized = personalized,
        output = output,
    )
    files = [output, root] + ([repository_root] if repository_root else []) + links
    files += [file for pair in personalized for file in pair]
    return [DefaultInfo(
        files = depset(files),
        runfiles = ctx.runfiles(files = files),
    )]

software_update_repository = rule(
    implementation = _software_update_repository_impl,
    doc = "Verifies the bundles to publish, and lists them in a file.",
    attrs = TOOL | {"_signing": SIGNING["_signing"]} | {
        "channel": attr.string(
            doc = "The channel of the repository.",
            mandatory = True,
        ),
        "personalized_for": attr.label_list(
            doc = "The releases for whose devices to make personalized bundles of the newest release.",
            allow_files = True,
        ),
        "releases": attr.label_list(
            doc = "The bundles, the oldest release first.",
            allow_files = True,
            mandatory = True,
        ),
        "repository_root": attr.label(
            doc = "The root of the repository.",
            allow_single_file = True,
        ),
        "trusted_root": attr.label(
            doc = "The root that devices trust; by default that of the first release.",
            allow_single_file = True,
        ),
    },
)
