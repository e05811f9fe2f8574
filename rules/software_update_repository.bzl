"""The rule `software_update_repository`."""

load("//rules/private:software_update_repository.bzl", "RELEASE_LIST_ENDING", _software_update_repository = "software_update_repository")
load("//rules/private/attributes:common.bzl", "common_attributes")
load("//rules/private/runnables:publish.bzl", "publish")

def software_update_repository(
        *,
        name,
        releases,
        channel,
        trusted_root = None,
        repository_root = None,
        personalized_for = None,
        **kwargs):
    """Publishes the releases of a product in a repository, in which devices find them.

    A repository is a folder behind any web server, or a bucket of an object store, with TUF metadata that says which
    releases there are and that this list is fresh. `software-update repository init` makes one.

    The macro makes these targets:

    - `NAME`: the release list, `NAME.release_list.json`, which lists the bundles, and links to them. Building it verifies
      each bundle as a device would, starting with `trusted_root`, and checks that releases follow one another: one
      product, rising release counters, and a version of its own for each. An ordinary action does this, so
      `--norun_validations` skips none of these checks;
    - `NAME.publish`: a program that publishes the bundles: `bazel run //product:NAME.publish -- --to URL`, with the keys
      of the repository. It accepts the options of `software-update repository publish`, with paths relative to the
      folder in which you call it. Releases that the repository already has stay as they are.

    The build reads no key of the repository. If a key is on a token or in a cloud, or the repository is in `s3:`, build
    `NAME`, and publish `bazel-bin/product/NAME.release_list.json` with the installed command `software-update`, which
    has the packages for them.

    In the mode `unsigned`, `NAME` makes nothing, because devices reject an unsigned bundle. If a release is a
    `software_update_promotion`, add the tag `manual` here, too.

    Args:
      name: A string: the repository's name.
      releases: A list of labels of a `software_update_bundle`, of a `software_update_promotion` or of a file: the
        bundles, the oldest release first. Each needs a `user_manifest` that is a release manifest, and the payloads
        of all of its targets.
      channel: A string: the channel, such as `stable` or `beta`. A device follows one channel of its product.
      trusted_root: A label of a `software_update_root` or of a file: the root metadata that devices trust. By default,
        the root with which the verification of the first release starts. Mandatory if that is a file.
      repository_root: A label of a file: the root of the repository, the JSON file with which the program checks the
        repository before it adds to it. By default, write `--repository-root` on the command line.
      personalized_for: A list of labels: releases that devices run. Each is a `software_update_bundle`, an installed
        manifest or the file of a bundle. For each, the repository also gets a smaller bundle of the newest release,
        without the payloads that these devices have. By default, none.
      **kwargs: Attributes that Bazel gives every rule, such as `tags` and `visibility`. Write `tags` without
        `select()`.
    """
    common = common_attributes("software_update_repository", name, kwargs)
    _software_update_repository(
        name = name,
        channel = channel,
        personalized_for = personalized_for,
        releases = releases,
        repository_root = repository_root,
        trusted_root = trusted_root,
        **common.public
    )
    publish(
        name = name + ".publish",
        file = name + RELEASE_LIST_ENDING,
        repository = name,
        **common.public
    )
