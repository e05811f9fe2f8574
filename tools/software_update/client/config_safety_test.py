"""Tests of the files that only root may change."""

from software_update.client.config import parse_config
from software_update.client.config_safety import checked_files, unsafe_files
from software_update.testing.configurations import MINIMAL, with_lines
from software_update.testing.fake_machine import machine

PROGRAMS = """
holders = "/share/holders.json"
root_chain = ["/share/earlier_root.pb"]
log_policy = "/share/log_policy"
auditors = ["/share/auditor.pem"]
full_bundle = {type = "http", url = "https://x", ca_file = "/share/full_ca.pem"}
restart = ["/bin/restart", "/bin/argument"]
health = [{program = ["/bin/health"]}]
start_check = {verity = {targets = ["a"], root_hash = "b", program = ["/bin/verity"]}}
[policy]
exec_program = {program = ["/bin/decide"]}
metered = {program = ["/bin/metered"]}
[report]
program = ["/bin/report"]
"""
OWN = "[domains.main.policy]\nexec_program = {program = ['/bin/own-decide']}\n"


def test_configuration_roots_and_programs_are_checked() -> None:
    text = with_lines(PROGRAMS).replace("'", '"')
    text = text.replace(
        'type = "directory", link = "/data/boot", slots = {A = "/data/a", B = "/data/b"}',
        'type = "exec", program = ["/bin/boot"]',
    )
    text = text.replace(
        'type = "file", path = "/media/usb"',
        'type = "http", url = "https://x", ca_file = "/share/ca.pem"',
    )
    text = text.replace(
        'type = "directory", targets = ["*"], slots = {A = "/data/a", B = "/data/b"}',
        'type = "exec", targets = ["*"], program = ["/bin/install"]',
    )
    assert checked_files(parse_config(text, "x"), "/etc/client.toml") == [
        "/bin/boot",
        "/bin/decide",
        "/bin/health",
        "/bin/install",
        "/bin/metered",
        "/bin/report",
        "/bin/restart",
        "/bin/verity",
        "/etc/client.toml",
        "/share/auditor.pem",
        "/share/ca.pem",
        "/share/earlier_root.pb",
        "/share/full_ca.pem",
        "/share/holders.json",
        "/share/log_policy",
        "/usr/share/lamp/root.pb",
    ]


def test_programs_of_the_policy_of_a_domain_are_checked() -> None:
    files = checked_files(parse_config(MINIMAL + OWN, "x"), "/etc/client.toml")
    assert "/bin/own-decide" in files


def test_programs_of_a_policy_that_no_domain_uses_are_not_checked() -> None:
    device = "[policy]\nexec_program = {program = ['/bin/decide']}\n"
    files = checked_files(parse_config(MINIMAL + device + OWN, "x"), "/etc/client.toml")
    assert "/bin/decide" not in files


def test_root_of_a_repository_is_checked() -> None:
    repository = (
        'type = "repository", url = "https://x", root = "/share/repository.json", product = "lamp", '
        'channel = "stable"'
    )
    text = MINIMAL.replace('type = "file", path = "/media/usb"', repository)
    assert "/share/repository.json" in checked_files(parse_config(text, "x"), "/etc/client.toml")


def test_each_unsafe_file_is_a_line() -> None:
    problems = {"/etc/client.toml": "others may write to it", "/sbin/reboot": "it belongs to ann"}
    storage = machine(problems=problems).storage
    restart = MINIMAL.replace("[domains.main]\n", "[domains.main]\nrestart = ['/sbin/reboot']\n")
    config = parse_config(restart, "x")
    assert unsafe_files(storage, config, "/etc/client.toml") == [
        "/etc/client.toml: others may write to it",
        "/sbin/reboot: it belongs to ann",
    ]
    assert not unsafe_files(machine().storage, config, "/etc/client.toml")
