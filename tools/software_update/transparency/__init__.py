"""The device's half of transparency: checks offline that a release is in a public log.

- `record` makes the record of a release from its verified metadata.
- `log_policy` reads the logs and witnesses that a device trusts.
- `proof` reads the file that proves that a record is in a log; `note` and `checkpoint` read its parts.
- `merkle` computes with the log's hash tree.
- `check` decides. A proof that is not accepted raises NotDisclosed, whose `refusal` names the reason.

    policy = parse_log_policy(Path("log-policy.txt").read_bytes(), "log-policy.txt")
    record = record_of(verified).content()
    checked = check_proof(Path("release.bundle.tlog-proof").read_bytes(), policy, record)
    print(checked.record_index, checked.checkpoint.size, checked.not_before)

All of it is pure: nothing reads a file or the clock.
"""
