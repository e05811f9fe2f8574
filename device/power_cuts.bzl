"""Programs with planted bugs, which the tests of power cuts must find."""

load("@rules_cc//cc:cc_binary.bzl", "cc_binary")
load(":copts.bzl", "COPTS")

# The source of each bug in testing/planted_bugs.py.
_BUGS = {
    "accept_forgets_the_manifest": "client",
    "budget_not_kept": "boot",
    "budget_not_spent": "boot",
    "checksum_not_checked": "journal",
    "consent_for_any_release": "client",
    "consent_not_checked": "client",
    "cut_record_programmed_again": "journal",
    "data_in_force_overwritten": "client",
    "fallback_not_written_forgotten": "client",
    "floor_raised_at_install": "client",
    "left_out_payload_not_copied": "client",
    "moved_root_forgotten": "client",
    "newest_sector_erased": "journal",
    "oldest_record_counts": "journal",
    "rejected_release_tried": "boot",
    "root_written_over_the_one_in_force": "client",
    "staged_before_it_is_written": "client",
    "verdict_not_checked": "client",
}

# Bugs that take more kinds of torn records than whole updates meet.
_JOURNAL_BUGS = [
    "cut_record_ignored",
    "unsealed_record_trusted",
]

def _planted(name, bug, source, deps):
    native.genrule(
        name = name + "_source",
        testonly = True,
        srcs = ["src/%s.cc" % source],
        outs = ["src/%s.cc" % name],
        cmd = "$(execpath :planted_bugs) %s $(SRCS) > $@" % bug,
        tags = ["manual"],
        tools = [":planted_bugs"],
    )
    cc_binary(
        name = name,
        testonly = True,
        # Its object comes before that of the library, which is then not linked.
        srcs = [
            "src/data.h",
            "src/%s.cc" % name,
        ],
        # A bug may leave a variable or a function without a use.
        copts = COPTS + ["-Idevice/src", "-Wno-error"],
        tags = ["manual"],
        deps = deps,
    )
    return ":" + name

def planted_bugs(name, client_deps, journal_deps):
    """Declares a program for each planted bug.

    Args:
      name: the beginning of each program's name
      client_deps: the program of power cuts in whole updates, and its libraries
      journal_deps: that of power cuts in the journal, and its libraries
    Returns:
      labels of the programs
    """
    return [
        _planted("%s_%s" % (name, bug), bug, source, client_deps)
        for bug, source in _BUGS.items()
    ] + [
        _planted("%s_%s" % (name, bug), bug, "journal", journal_deps)
        for bug in _JOURNAL_BUGS
    ]
