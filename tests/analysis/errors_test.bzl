"""Tests of the errors that the rules report for a mistake in a BUILD file, during analysis."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("@bazel_skylib//rules:common_settings.bzl", "bool_flag", "int_flag", "string_flag")
load("//rules:defs.bzl", "software_update_attachment", "software_update_bundle", "software_update_bundle_test", "software_update_device_image", "software_update_expiry_test", "software_update_release_manifest", "software_update_repository", "software_update_root")
load(":directory.bzl", "directory")

def _errors_test_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    asserts.true(env, AnalysisFailureInfo in target, "nothing failed")
    causes = target[AnalysisFailureInfo].causes.to_list() if AnalysisFailureInfo in target else []
    errors = sorted([cause.message.partition("Error in fail: ")[2].strip() for cause in causes])
    for expected, actual in zip(sorted(ctx.attr.messages), errors):
        asserts.equals(env, expected, actual)
    asserts.equals(env, len(ctx.attr.messages), len(errors))
    return analysistest.end(env)

# One test for many mistakes: the failures of its dependencies are a target's own.
_errors_test = analysistest.make(
    _errors_test_impl,
    attrs = {"messages": attr.string_list(mandatory = True)},
    expect_failure = True,
)

_VERSIONS = "write an integer from 1 to 4294967295, higher than the last release's"
_ONE_VERSION = "write exactly one of version, version_file and version_flag"
_ONE_DATE = "write exactly one of expires, expires_file and expires_flag"
_DATE = "write a date that exists, such as 2031-01-01T00:00:00Z"
_CHARACTERS = "write the name with only A-Z a-z 0-9 . _ + - and /"
_PARTS = "write the name without a / at either end and without an empty, . or .. part"
_NOT_A_PREFIX = "this is not a prefix in targets; write a key of targets that is empty or ends in /"
_REMOVED = "the bundle contains a payload for this target; remove it from one of the two"
_ALLOW = "sign it under another root, or make the next root with it in allowed_targets"
_HOLDER = "write 1 to 64 printable ASCII characters without a space at either end, such as release manager"
_HERE = "//tests/analysis:"

# Name of the case, what differs from a good bundle, what the error says after the rule's label.
_BUNDLES = [
    ("no_targets", {"targets": {}}, "targets = {}: a bundle must contain a target; write at least one target name and its label"),
    ("no_version", {"version": None}, "version = None: " + _ONE_VERSION),
    ("two_versions", {"version_flag": ":flag_of_0"}, "version and version_flag = [\"7\", \"%sflag_of_0\"]: %s" % (_HERE, _ONE_VERSION)),
    ("two_versions_with_file", {"version_file": "version.txt"}, "version and version_file = [\"7\", \"%sversion.txt\"]: %s" % (_HERE, _ONE_VERSION)),
    ("version_0", {"version": 0}, "version = 0: " + _VERSIONS),
    ("version_below_0", {"version": -1}, "version = -1: " + _VERSIONS),
    ("version_above_uint32", {"version": 4294967296}, "version = 4294967296: " + _VERSIONS),
    ("version_as_text", {"version": "seven"}, "version = \"seven\": " + _VERSIONS),
    ("version_07", {"version": "07"}, "version = \"07\": " + _VERSIONS),
    ("version_bool", {"version": True}, "version = \"True\": " + _VERSIONS),
    ("version_float", {"version": 7.0}, "version = \"7.0\": " + _VERSIONS),
    ("version_select", {"version": select({"//conditions:default": 0})}, "version = 0: " + _VERSIONS),
    ("version_select_below_0", {"version": select({"//conditions:default": -1})}, "version = -1: " + _VERSIONS),
    ("version_select_text", {"version": select({"//conditions:default": " 5"})}, "version = \" 5\": " + _VERSIONS),
    ("version_select_none", {"version": select({"//conditions:default": None})}, "version = None: " + _ONE_VERSION),
    ("flag_of_0", {"version": None, "version_flag": ":flag_of_0"}, "version_flag = \"%sflag_of_0\": the flag is \"0\"; %s, as in --%sflag_of_0=7" % (_HERE, _VERSIONS, _HERE)),
    ("flag_of_07", {"version": None, "version_flag": ":flag_of_07"}, "version_flag = \"%sflag_of_07\": the flag is \"07\"; %s, as in --%sflag_of_07=7" % (_HERE, _VERSIONS, _HERE)),
    ("flag_of_text", {"version": None, "version_flag": ":flag_of_text"}, "version_flag = \"%sflag_of_text\": the flag is \"next\"; %s, as in --%sflag_of_text=7" % (_HERE, _VERSIONS, _HERE)),
    ("flag_not_set", {"version": None, "version_flag": ":flag_not_set"}, "version_flag = \"%sflag_not_set\": the flag is \"\"; %s, as in --%sflag_not_set=7" % (_HERE, _VERSIONS, _HERE)),
    ("bool_flag", {"version": None, "version_flag": ":flag_of_bool"}, "version_flag = \"%sflag_of_bool\": the flag is a bool; name an int_flag or a string_flag" % _HERE),
    ("expires", {"expires": "2031-02-29T00:00:00Z"}, "expires = \"2031-02-29T00:00:00Z\": " + _DATE),
    ("expires_flag", {"expires_flag": ":flag_not_set"}, "expires_flag = \"%sflag_not_set\": the flag is \"\"; %s, as in --%sflag_not_set=2031-01-01T00:00:00Z" % (_HERE, _DATE, _HERE)),
    ("expires_int_flag", {"expires_flag": ":flag_of_0"}, "expires_flag = \"%sflag_of_0\": the flag is an int, which cannot hold a date; name a string_flag" % _HERE),
    ("two_dates", {"expires": "2031-01-01T00:00:00Z", "expires_file": "expires.txt"}, "expires and expires_file = [\"2031-01-01T00:00:00Z\", \"%sexpires.txt\"]: %s" % (_HERE, _ONE_DATE)),
    ("at", {"at": "2031-01-01"}, "at = \"2031-01-01\": " + _DATE),
    ("no_dev_signing_keys", {"dev_signing_keys": []}, "dev_signing_keys = []: write at least one key, or remove the attribute to use the throw-away key"),
    ("name_with_space", {"targets": {"my app": "app.bin"}}, "targets[\"my app\"] = \"%sapp.bin\": %s" % (_HERE, _CHARACTERS)),
    ("name_goes_up", {"targets": {"../app": "app.bin"}}, "targets[\"../app\"] = \"%sapp.bin\": %s" % (_HERE, _PARTS)),
    ("top_level_without_files", {"targets": {"": ":no_files"}}, "targets[\"\"] = \"%sno_files\": the label gives 0 files; write a label that gives at least 1 file" % _HERE),
    ("top_level_twice", {"targets": {"": ":two_files", "one.bin": "app.bin"}}, "targets[\"one.bin\"] = \"tests/analysis/app.bin\": the target name \"one.bin\" appears twice (tests/analysis/one.bin); rename one of them"),
    ("top_level_reserved", {"targets": {"": "user_manifest"}}, "targets[\"\"] = \"%suser_manifest\": its file tests/analysis/user_manifest would become the target \"user_manifest\": the name is reserved; write the file into the attribute user_manifest" % _HERE),
    ("compression", {"compression": "gzip"}, "compression = \"gzip\": this is not a compression; write \"none\" or \"zstd\""),
    ("compression_of", {"compression_of": {"app": ""}}, "compression_of[\"app\"] = \"\": this is not a compression; write \"none\" or \"zstd\""),
    ("compression_of_nothing", {"compression_of": {"boot": "zstd"}}, "compression_of[\"boot\"] = \"zstd\": targets has no such key; write a key of targets"),
    ("compression_level", {"compression_level": 20}, "compression_level = 20: this is not a level of zstd; write an integer from 1 to 19"),
    ("compression_level_0", {"compression_level": 0}, "compression_level = 0: this is not a level of zstd; write an integer from 1 to 19"),
    ("strip_prefix_of_nothing", {"strip_prefix": {"assets/": "gen"}}, "strip_prefix[\"assets/\"] = \"gen\": " + _NOT_A_PREFIX),
    ("strip_prefix_of_a_name", {"strip_prefix": {"app": "gen"}}, "strip_prefix[\"app\"] = \"gen\": " + _NOT_A_PREFIX),
    ("strip_prefix_goes_up", {"strip_prefix": {"a/": "../gen"}, "targets": {"a/": ":two_files"}}, "strip_prefix[\"a/\"] = \"../gen\": write the path of a folder below the package of the files, such as \"gen/assets\""),
    ("strip_prefix_elsewhere", {"strip_prefix": {"a/": "gen"}, "targets": {"a/": ":two_files"}}, "strip_prefix[\"a/\"] = \"gen\": the file tests/analysis/one.bin is not below this folder of its package; write a folder with all files of the label"),
    ("strip_prefix_of_a_directory", {"strip_prefix": {"a/": "gen"}, "targets": {"a/": ":directory"}}, "strip_prefix[\"a/\"] = \"gen\": tests/analysis/directory is a directory, whose files have the names below it already; remove this entry"),
    ("name_too_long", {"targets": {"n" * 256: "app.bin"}}, "targets[\"" + "n" * 256 + "\"] = \"%sapp.bin\": the name has 256 characters; write at most 255" % _HERE),
    ("name_reserved", {"targets": {"user_manifest": "app.bin"}}, "targets[\"user_manifest\"] = \"%sapp.bin\": the name is reserved; write the file into the attribute user_manifest" % _HERE),
    ("several_files", {"targets": {"app": ":two_files"}}, "targets[\"app\"] = \"%stwo_files\": the label gives 2 files; write a label that gives 1 file, or end the key in / to put all files under it" % _HERE),
    ("no_file", {"targets": {"app": ":no_files"}}, "targets[\"app\"] = \"%sno_files\": the label gives 0 files; write a label that gives 1 file, or end the key in / to put all files under it" % _HERE),
    ("directory", {"targets": {"app": ":directory"}}, "targets[\"app\"] = \"%sdirectory\": the label gives a directory; end the key in / to put its files under it" % _HERE),
    ("prefix_without_files", {"targets": {"assets/": ":no_files"}}, "targets[\"assets/\"] = \"%sno_files\": the label gives 0 files; write a label that gives at least 1 file" % _HERE),
    ("prefix_empty", {"targets": {"/": ":two_files"}}, "targets[\"/\"] = \"%stwo_files\": %s" % (_HERE, _PARTS)),
    ("prefix_goes_up", {"targets": {"a/../": ":two_files"}}, "targets[\"a/../\"] = \"%stwo_files\": %s" % (_HERE, _PARTS)),
    ("file_below_prefix", {"targets": {"assets/": "a logo.raw"}}, "targets[\"assets/\"] = \"%sa logo.raw\": its file tests/analysis/a logo.raw would become the target \"assets/a logo.raw\": %s" % (_HERE, _CHARACTERS)),
    ("removes_of_nothing", {"removes": ["logo"]}, "removes = [\"logo\"]: there is no earlier release; write unchanged_from or remove this attribute"),
    ("removes_bad_name", {"removes": ["../logo"], "unchanged_from": "earlier.pb"}, "removes = \"../logo\": " + _PARTS),
    ("removes_own_target", {"removes": ["app"], "unchanged_from": "earlier.pb"}, "removes = \"app\": " + _REMOVED),
    ("removes_own_user_manifest", {"removes": ["user_manifest"], "unchanged_from": "earlier.pb", "user_manifest": "release.json"}, "removes = \"user_manifest\": " + _REMOVED),
    (
        "not_allowed_by_root",
        {"root": ":root_of_two", "targets": {"app": "app.bin", "assets/": ":two_files", "boot": "app.bin"}},
        "targets = \"boot\": the root %sroot_of_two does not allow this target, only app, assets/*; %s" % (_HERE, _ALLOW),
    ),
    (
        "not_allowed_by_dev_root",
        {"dev_root": ":root_of_two", "targets": {"assets": "app.bin"}},
        "targets = \"assets\": the root %sroot_of_two does not allow this target, only app, assets/*; %s" % (_HERE, _ALLOW),
    ),
    (
        "twice",
        {"targets": {"a/one.bin": "app.bin", "a/": ":two_files"}},
        "targets[\"a/\"] = \"tests/analysis/one.bin\": the target name \"a/one.bin\" appears twice (tests/analysis/app.bin); rename one of them",
    ),
    (
        "differs_in_case",
        {"targets": {"app": "app.bin", "App": "other.bin"}},
        "targets[\"App\"] = \"tests/analysis/other.bin\": the target name \"App\" differs from \"app\" only in case (tests/analysis/app.bin); rename one of them",
    ),
]

_ROOTS = [
    ("version_0", {"version": 0}, "version = 0: " + _VERSIONS),
    ("no_version", {"version": None}, "version = None: " + _VERSIONS),
    ("expires", {"expires": "soon"}, "expires = \"soon\": " + _DATE),
    ("expires_flag", {"expires_flag": ":flag_of_text"}, "expires_flag = \"%sflag_of_text\": the flag is \"next\"; %s, as in --%sflag_of_text=2031-01-01T00:00:00Z" % (_HERE, _DATE, _HERE)),
    ("two_dates", {"expires_file": "expires.txt", "expires_flag": ":flag_of_text"}, "expires_file and expires_flag = [\"%sexpires.txt\", \"%sflag_of_text\"]: %s" % (_HERE, _HERE, _ONE_DATE)),
    ("no_allowed_targets", {"allowed_targets": []}, "allowed_targets = []: an empty list would allow all targets; write at least one entry, or remove the attribute"),
    ("allowed_star", {"allowed_targets": ["app*"]}, "allowed_targets = [\"app*\"]: the entry \"app*\": write a * only in a /* at the end"),
    ("allowed_select", {"allowed_targets": select({"//conditions:default": ["a", "a"]})}, "allowed_targets = [\"a\", \"a\"]: the entry \"a\" appears twice; write it once"),
    ("holder_of_no_key", {"holders": {"private_a.pem": "Anna"}}, "holders = \"%sprivate_a.pem\": write a file of root_keys or targets_keys" % _HERE),
    ("holder_of_two_files", {"holders": {":two_files": "Anna"}}, "holders = \"%stwo_files\": write a file of root_keys or targets_keys" % _HERE),
    ("no_holder", {"holders": {"a.pem": ""}}, "holders = \"\": " + _HOLDER),
    ("holder_with_space", {"holders": {"a.pem": "Anna "}}, "holders = \"Anna \": " + _HOLDER),
    ("holder_not_ascii", {"holders": {"a.pem": "Änna"}}, "holders = \"Änna\": " + _HOLDER),
    ("holder_with_line_break", {"holders": {"a.pem": "An\nna"}}, "holders = \"An\\nna\": " + _HOLDER),
    ("holder_too_long", {"holders": {"a.pem": "a" * 65}}, "holders = \"%s\": %s" % ("a" * 65, _HOLDER)),
    ("no_root_keys", {"root_keys": []}, "root_keys = []: write at least one public key"),
    ("no_targets_keys", {"targets_keys": []}, "targets_keys = []: write at least one public key"),
    ("root_threshold_0", {"root_threshold": 0}, "root_threshold = 0: write an integer from 1 to 1, the number of keys in root_keys"),
    ("targets_threshold_3_of_2", {"targets_threshold": 3}, "targets_threshold = 3: write an integer from 1 to 2, the number of keys in targets_keys"),
    ("root_threshold_text", {"root_threshold": "1_0"}, "root_threshold = \"1_0\": write an integer from 1 to 1, the number of keys in root_keys"),
    ("targets_threshold_select", {"targets_threshold": select({"//conditions:default": 3})}, "targets_threshold = 3: write an integer from 1 to 2, the number of keys in targets_keys"),
    ("key_in_both_roles", {"root_keys": ["b.pem"]}, "targets_keys = \"tests/analysis/b.pem\": this key is also in root_keys; give each role its own keys"),
    (
        "signed_twice",
        {"dev_signing_keys": ["private_a.pem"], "signatures": ["signature.json"]},
        "signatures = [\"tests/analysis/signature.json\"]: dev_signing_keys also sign this root; remove one of the two attributes",
    ),
]

_COUNTER = "write an integer from 1 to 4294967295"

_RELEASES = [
    ("counter_0", {"release_counter": 0}, "release_counter = 0: " + _COUNTER),
    ("no_counter", {"release_counter": None}, "release_counter = None: write exactly one of release_counter, release_counter_file and release_counter_flag"),
    ("counter_flag", {"release_counter": None, "release_counter_flag": ":flag_of_0"}, "release_counter_flag = \"%sflag_of_0\": the flag is \"0\"; %s, as in --%sflag_of_0=7" % (_HERE, _COUNTER, _HERE)),
    ("counter_as_text", {"release_counter": "07"}, "release_counter = \"07\": " + _COUNTER),
    ("minimum", {"minimum_release_counter": 4294967296}, "minimum_release_counter = 4294967296: " + _COUNTER),
    ("minimum_flag", {"minimum_release_counter_flag": ":flag_of_text"}, "minimum_release_counter_flag = \"%sflag_of_text\": the flag is \"next\"; %s, as in --%sflag_of_text=7" % (_HERE, _COUNTER, _HERE)),
    (
        "two_minimums",
        {"minimum_release_counter": 1, "minimum_release_counter_file": "counter.txt"},
        "minimum_release_counter and minimum_release_counter_file = [\"1\", \"%scounter.txt\"]: write exactly one of minimum_release_counter, minimum_release_counter_file and minimum_release_counter_flag" % _HERE,
    ),
    ("minimum_select", {"minimum_release_counter": select({"//conditions:default": "4294967296"})}, "minimum_release_counter = 4294967296: " + _COUNTER),
    ("kind", {"kind": "bugfix"}, "kind = \"bugfix\": write one of security, feature, both"),
    ("duration_0", {"duration": 0}, "duration = 0: write a number of seconds from 1 to 4294967295"),
    ("duration_select", {"duration": select({"//conditions:default": "1 min"})}, "duration = \"1 min\": write a number of seconds from 1 to 4294967295"),
    ("function_of_two_lines", {"unavailable_functions": ["heating", "a\nb"]}, "unavailable_functions = \"a\\nb\": write one line of text"),
    ("function_empty", {"unavailable_functions": [""]}, "unavailable_functions = \"\": write one line of text"),
    ("texts_of_two_files", {"texts": {"de": ":two_files"}}, "texts[\"de\"] = \"%stwo_files\": the label gives 2 files; write a label that gives 1 file" % _HERE),
    ("severity", {"severity": "urgent"}, "severity = \"urgent\": write one of low, medium, high, critical"),
    ("support_until", {"support_until": "2031"}, "support_until = \"2031\": " + _DATE),
    ("no_version", {"release_version": None}, "release_version = None: write exactly one of release_version, release_version_file and release_version_flag"),
    ("version_flag", {"release_version": None, "release_version_flag": ":flag_not_set"}, "release_version_flag = \"%sflag_not_set\": the flag is \"\"; write one line of text, as in --%sflag_not_set=1.4.0" % (_HERE, _HERE)),
    ("version_of_two_lines", {"release_version": "1.4.0\nbeta"}, "release_version = \"1.4.0\\nbeta\": write one line of text"),
]

_TESTS = [
    ("at", {"at": "now"}, "at = \"now\": " + _DATE),
    ("trusted_root", {"trusted_root": None}, "trusted_root = None: write the root that the device trusts: tests/analysis/a.bundle is a file, and names none"),
]

_EXPIRY_TESTS = [
    ("at", {"at": "now"}, "at = \"now\": " + _DATE),
    ("no_files", {"roots": None}, "bundles and roots = []: write at least one bundle or root"),
    ("within_days_0", {"within_days": 0}, "within_days = 0: write an integer from 1"),
    ("within_days_select", {"within_days": select({"//conditions:default": "soon"})}, "within_days = \"soon\": write an integer from 1"),
]

_REPOSITORIES = [
    ("no_releases", {"releases": []}, "releases = []: write at least one bundle, the oldest release first"),
    ("trusted_root", {"trusted_root": None}, "trusted_root = None: write the root that devices trust: %sa.bundle is a file, and names none" % _HERE),
]

_NOT_ONE_FILE = "files; write a label that gives 1 file, which is not a directory"
_IMAGES = [
    ("trusted_root", {"trusted_root": None}, "trusted_root = None: write the root that devices trust: %sa.bundle is a file, and names none" % _HERE),
    ("no_file", {"files": {"esp:/a": ":no_files"}}, "files[\"esp:/a\"] = \"%sno_files\": the label gives 0 %s" % (_HERE, _NOT_ONE_FILE)),
    ("two_files", {"files": {"esp:/a": ":two_files"}}, "files[\"esp:/a\"] = \"%stwo_files\": the label gives 2 %s" % (_HERE, _NOT_ONE_FILE)),
    ("directory", {"files": {"esp:/a": ":directory"}}, "files[\"esp:/a\"] = \"%sdirectory\": the label gives 1 %s" % (_HERE, _NOT_ONE_FILE)),
    ("other_root", {"other_roots": {"main": ":two_files"}}, "other_roots[\"main\"] = \"%stwo_files\": the label gives 2 %s" % (_HERE, _NOT_ONE_FILE)),
]

_ATTACHMENTS = [
    ("other_package", {"bundle": "//tests/bundle:attached"}, "bundle = \"//tests/bundle:attached\": it is in another package; write the attachment in that package, because its file is next to the bundle"),
]

def _errors_of(rule, kind, good, cases):
    subjects = {}
    for case, changes, message in cases:
        subject = "bad_%s_%s" % (kind, case)
        rule(
            name = subject,
            tags = ["manual"],
            **(good | changes)
        )
        subjects[subject] = "%s%s: %s" % (_HERE, subject, message)
    native.filegroup(name = "bad_%ss" % kind, srcs = subjects.keys(), tags = ["manual"])
    _errors_test(
        name = "%s_errors_test" % kind,
        size = "small",
        messages = subjects.values(),
        target_under_test = ":bad_%ss" % kind,
    )

def errors_test_suite(name):
    """Makes a bundle, a root, a release, a repository or a test for each mistake, and the tests of what is said about them.

    Args:
      name: The name of the suite of tests.
    """
    bool_flag(name = "flag_of_bool", build_setting_default = True)
    string_flag(name = "flag_not_set", build_setting_default = "")
    int_flag(name = "flag_of_0", build_setting_default = 0)
    string_flag(name = "flag_of_07", build_setting_default = "07")
    string_flag(name = "flag_of_text", build_setting_default = "next")
    directory(name = "directory", tags = ["manual"])
    native.filegroup(name = "no_files", srcs = [])
    native.filegroup(name = "two_files", srcs = ["one.bin", "two.bin"], tags = ["manual"])
    good_bundle = {"targets": {"app": "app.bin"}, "version": 7}
    software_update_root(
        name = "root_of_two",
        allowed_targets = ["app", "assets/*"],
        root_keys = ["a.pem"],
        tags = ["manual"],
        targets_keys = ["b.pem"],
        version = 1,
    )
    good_root = {"root_keys": ["a.pem"], "targets_keys": ["b.pem", "c.pem"], "version": 1}
    good_release = {"product": "product", "release_counter": 7, "release_version": "1.0"}
    good_repository = {"channel": "stable", "releases": ["a.bundle"], "trusted_root": "a.pb"}
    good_test = {"bundle": "a.bundle", "trusted_root": "a.pb"}
    _errors_of(software_update_bundle, "bundle", good_bundle, _BUNDLES)
    _errors_of(software_update_root, "root", good_root, _ROOTS)
    _errors_of(software_update_release_manifest, "release", good_release, _RELEASES)
    _errors_of(software_update_repository, "repository", good_repository, _REPOSITORIES)
    _errors_of(software_update_bundle_test, "test", good_test, _TESTS)
    _errors_of(software_update_expiry_test, "expiry_test", {"roots": ["a.pb"]}, _EXPIRY_TESTS)
    good_image = {"bundle": "a.bundle", "configuration": "release.json", "layout": "limits.json", "trusted_root": "a.pb"}
    _errors_of(software_update_device_image, "image", good_image, _IMAGES)
    _errors_of(software_update_attachment, "attachment", {"file": "sbom.json"}, _ATTACHMENTS)
    native.test_suite(
        name = name,
        tests = ["attachment_errors_test", "bundle_errors_test", "expiry_test_errors_test", "image_errors_test", "release_errors_test", "repository_errors_test", "root_errors_test", "test_errors_test"],
    )
