"""Tests of log_policy.py. Those of `bundle verify` judge releases with it."""

import pytest

from software_update.base.errors import UsageError
from software_update.cli.options.arguments import Parser
from software_update.cli.options.log_policy import add_log_policy, check_log_policy


def test_proof_needs_a_policy() -> None:
    parser = Parser("command", "Does it.")
    add_log_policy(parser)
    for good in ([], ["--log-policy=p"], ["--log-policy=p", "--proof=x"]):
        check_log_policy(parser.parse_args(good))
    with pytest.raises(UsageError, match="--proof: only valid with --log-policy FILE"):
        check_log_policy(parser.parse_args(["--proof=x"]))
