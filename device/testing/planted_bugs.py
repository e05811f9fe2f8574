"""Plants a bug in a source of the device library, to test the test of power cuts.

Usage: planted_bugs.py NAME SOURCE. Prints the source with the bug.
"""

import sys
from pathlib import Path

# The name of each bug, and the text that it replaces.
BUGS: dict[str, tuple[str, str]] = {
    # client.cc
    "staged_before_it_is_written": (
        "next.consent |= bit_of(question.phase);",
        "next.consent |= bit_of(question.phase);"
        " next.state = static_cast<uint8_t>(State::kStaged); next.boots = 1;",
    ),
    "verdict_not_checked": (
        "result.outcome != Outcome::kVerdict || result.verdict != Verdict::kAccept",
        "result.outcome != Outcome::kVerdict",
    ),
    "floor_raised_at_install": (
        "next.boots = product_->trial_boots;",
        "next.boots = product_->trial_boots; next.floor = record_.next;",
    ),
    "consent_not_checked": (
        "return (record_.consent & bit_of(phase)) != 0 && is_present(record_.release, record_.root);",
        "return true;",
    ),
    "consent_for_any_release": (
        "return is_same(release, verifier_->release_digest()) &&",
        "return",
    ),
    "data_in_force_overwritten": (
        "const Status status = write_kept(record_.data ^ 1u,",
        "const Status status = write_kept(record_.data,",
    ),
    "root_written_over_the_one_in_force": (
        "const Status kept = write_kept(record_.data ^ 1u,",
        "const Status kept = write_kept(record_.data,",
    ),
    "moved_root_forgotten": ("if (new_roots_ != kept_roots_) {", "if (false) {"),
    "accept_forgets_the_manifest": (
        "next.slot ^= 1u;\n  next.data ^= 1u;",
        "next.slot ^= 1u;",
    ),
    "left_out_payload_not_copied": ("if ((written_ & (1u << i)) == 0) {", "if (false) {"),
    "fallback_not_written_forgotten": (
        "if (!is_trial || running_ != record_.slot) return Status::kOk;",
        "if (!is_trial || running_ <= 1) return Status::kOk;",
    ),
    # boot.cc
    "budget_not_spent": ("--record->boots;", ""),
    "budget_not_kept": ("journal.store(&tried)", "true"),
    "rejected_release_tried": (
        "if (state != State::kStaged && state != State::kTrial) return false;",
        "if (state == State::kRejected) record->boots = 1;",
    ),
    # journal.cc
    "newest_sector_erased": (
        "if (!erase(other)) return false;",
        "if (!erase(0) || !erase(1)) return false;",
    ),
    "checksum_not_checked": (
        "if (crc != crc32(bytes, image - kCrcBytes)) return Content::kGarbage;",
        "",
    ),
    "unsealed_record_trusted": (
        "if (settled && newest.index + 1 == end[newest.sector]) return true;",
        "if (newest.index + 1 == end[newest.sector]) return true;",
    ),
    "cut_record_ignored": (
        "if (settled && newest.index + 1 == end[newest.sector]) return true;",
        "if (settled) return true;",
    ),
    "cut_record_programmed_again": (
        "next_ = {newest.sector, end[newest.sector]};",
        "next_ = {newest.sector, newest.index + 1};",
    ),
    "oldest_record_counts": (
        "found.sequence >= record->sequence",
        "found.sequence < record->sequence",
    ),
}


def plant(name: str, source: str) -> str:
    """Returns the source with the bug. Raises ValueError if the source does not have its text once."""
    old, new = BUGS[name]
    if source.count(old) != 1:
        raise ValueError(f"{name}: the source has its text {source.count(old)} times, not once")
    return source.replace(old, new)


if __name__ == "__main__":
    sys.stdout.write(plant(sys.argv[1], Path(sys.argv[2]).read_text(encoding="utf-8")))
