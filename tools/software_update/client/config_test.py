"""Tests of the client's configuration."""

import re

import pytest

from software_update.client.claimed import Grant
from software_update.client.config import (
    Approvers,
    CheckConfig,
    Config,
    ConfigError,
    DisclosureConfig,
    DomainConfig,
    HealthProgram,
    InstallerConfig,
    Part,
    PolicyConfig,
    ReportConfig,
    parse_config,
)
from software_update.client.domain import StartCheck, Verity
from software_update.client.windows import Window
from software_update.testing.configurations import MINIMAL, with_lines


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as error:
        parse_config(text, "client.toml")
    assert str(error.value) == error.value.problems[0]
    assert all(each.startswith("client.toml: ") for each in error.value.problems)
    return [each.removeprefix("client.toml: ") for each in error.value.problems]


def test_minimal_configuration() -> None:
    policy = PolicyConfig("ask", 900, ())
    slots = {"A": "/data/a", "B": "/data/b"}
    assert parse_config(MINIMAL, "client.toml") == Config(
        vendor="Example Lamps Ltd",
        hardware_id=None,
        state="/var/lib/software_update",
        language="en",
        domains=(
            DomainConfig(
                name="main",
                root="/usr/share/lamp/root.pb",
                root_chain=(),
                holders=None,
                slots=("A", "B"),
                golden=None,
                staging="stream",
                sources=(Part("file", {"path": "/media/usb"}),),
                full_bundle=None,
                installers=(InstallerConfig(("*",), Part("directory", {"slots": slots})),),
                boot=Part(
                    "directory",
                    {"link": "/data/boot", "slots": slots, "tries": 3, "restarts": "application"},
                ),
                health=(),
                restart=None,
                commits_itself=True,
                grant=Grant(),
                policy=policy,
                disclosure=DisclosureConfig("off", None, None, 0, ()),
                start_check=None,
            ),
        ),
        check=CheckConfig(6 * 3600, 60, 12 * 3600),
        approvers=Approvers(frozenset({"root"}), frozenset()),
        report=None,
        socket="/run/software_update/client.sock",
    )


def test_powers_and_areas_of_a_domain() -> None:
    def grant(lines: str) -> Grant:
        text = MINIMAL.replace("[domains.main]", f"[domains.main]\n{lines}")
        return parse_config(text, "client.toml").domains[0].grant

    assert grant('powers = ["network", "storage"]') == Grant(("network", "storage"), None)
    assert grant('powers = []\nareas = ["application"]') == Grant((), ("application",))


@pytest.mark.parametrize(
    "line, problem",
    [
        (
            'powers = ["warp"]',
            "powers: must be one of network, radio, storage, keys, actuators, personal_data, updates",
        ),
        ('powers = "network"', "powers: must be a list of powers"),
        ('powers = ["keys", "keys"]', "powers: must not have an entry twice"),
        ("areas = []", "areas: must have at least 1 areas"),
    ],
)
def test_bad_powers_and_areas(line: str, problem: str) -> None:
    text = MINIMAL.replace("[domains.main]", f"[domains.main]\n{line}")
    assert problems(text) == [f"domains.main.{problem}"]


def test_check_at_the_start() -> None:
    def start_check(lines: str) -> StartCheck | None:
        text = MINIMAL.replace("[domains.main]", f"[domains.main]\n{lines}")
        return parse_config(text, "client.toml").domains[0].start_check

    assert start_check("start_check = {}") == StartCheck()
    verity = '{targets = ["rootfs"], root_hash = "rootfs.verity"}'
    lines = f'start_check = {{damaged = "other_slot", verity = {verity}}}'
    assert start_check(lines) == StartCheck(True, Verity(("rootfs",), "rootfs.verity"))
    program = verity.replace("}", ', program = ["/bin/verity"], timeout = "1s"}')
    found = start_check(f"start_check = {{verity = {program}}}")
    assert found is not None and found.verity is not None
    assert (found.verity.program, found.verity.timeout) == (("/bin/verity",), 1)


REPOSITORY = (
    'type = "repository", url = "https://updates.example", root = "/usr/share/lamp/repository.json", '
    'product = "lamp", channel = "stable"'
)


def test_repository_among_the_sources() -> None:
    text = MINIMAL.replace('{type = "file"', f'{{{REPOSITORY}}}, {{type = "file"')
    repository, file = parse_config(text, "client.toml").domains[0].sources
    assert (repository.type, file.type) == ("repository", "file")
    assert repository.options["root"] == "/usr/share/lamp/repository.json"
    assert (repository.options["product"], repository.options["channel"]) == ("lamp", "stable")
    assert repository.options["min_bytes_per_second"] == 256


def test_second_repository_of_a_domain_and_one_as_full_bundle_are_problems() -> None:
    two = MINIMAL.replace('{type = "file"', f'{{{REPOSITORY}}}, {{{REPOSITORY}}}, {{type = "file"')
    assert problems(two) == [
        "domains.main.sources[1]: is a second repository; a domain has at most one"
    ]
    assert problems(with_lines(f"full_bundle = {{{REPOSITORY}}}")) == [
        "domains.main.full_bundle.type: must be one of file, folder, http"
    ]


def test_time_of_the_build() -> None:
    text = f'built = "2031-01-01T00:00:00Z"\n{MINIMAL}'
    assert parse_config(text, "client.toml").built == 1_924_992_000
    assert parse_config(MINIMAL, "client.toml").built == 0


def test_options_of_a_domain() -> None:
    config = parse_config(
        with_lines(
            'staging = "store"',
            'commit = "manual"',
            'restart = ["/usr/bin/restart-app", "--now"]',
            'holders = "/usr/share/lamp/holders.json"',
            'full_bundle = {type = "http", url = "https://updates.example/full.bundle"}',
            "[[domains.main.health]]",
            'program = ["/usr/bin/lamp-check"]',
            "[[domains.main.health]]",
            'program = ["/usr/bin/net-check", "-4"]',
            'timeout = "2m"',
        ),
        "client.toml",
    )
    [domain] = config.domains
    assert (domain.staging, domain.commits_itself) == ("store", False)
    assert domain.restart == ("/usr/bin/restart-app", "--now")
    assert domain.holders == "/usr/share/lamp/holders.json"
    assert domain.full_bundle == Part(
        "http",
        {
            "url": "https://updates.example/full.bundle",
            "attachments": None,
            "bytes_per_second": None,
            "min_bytes_per_second": 256,
            "token_file": None,
            "token_header": "Authorization",
            "ca_file": None,
            "proxy": None,
            "timeout": 30,
        },
    )
    assert domain.health == (
        HealthProgram(("/usr/bin/lamp-check",), 60),
        HealthProgram(("/usr/bin/net-check", "-4"), 120),
    )


def test_options_of_disclosure() -> None:
    lines = ['log = "warn"', 'log_policy = "/share/policy"', 'log_max_age = "7d"']
    lines += ["require_audits = 1", 'auditors = ["/share/a.pem", "/share/b.pem"]']
    [domain] = parse_config(with_lines(*lines), "client.toml").domains
    auditors = ("/share/a.pem", "/share/b.pem")
    assert domain.disclosure == DisclosureConfig("warn", "/share/policy", 604_800, 1, auditors)
    assert problems(with_lines(lines[0], *lines[3:4])) == [
        "domains.main.log_policy: is missing; name the policy of the log, or set log to off",
        "domains.main.require_audits: needs 1 auditors, and auditors has 0; name more",
    ]


def test_options_of_the_device() -> None:
    lines = ["[check]", 'interval = "1d"', "[consent]", 'approvers = ["user:ann", "group:ops"]']
    lines += ["[report]", 'program = ["/usr/bin/report"]', "[socket]", 'path = "/run/u"']
    config = parse_config(with_lines(*lines), "client.toml")
    assert config.check.interval == 24 * 3600
    assert config.approvers == Approvers(frozenset({"ann"}), frozenset({"ops"}))
    assert config.report == ReportConfig(("/usr/bin/report",), None, 30)
    assert config.socket == "/run/u"


POLICY = """
[policy]
preset = "auto-security"
retry = "5m"
exec_program = {program = ["/usr/bin/decide"], phases = ["restart"]}
quiet_hours = {windows = ["02:00-04:00"]}
"""


def test_policies_are_in_the_order_of_the_chain() -> None:
    config = parse_config(MINIMAL + POLICY, "client.toml")
    phases = ("download", "install", "restart")
    program = {"program": ("/usr/bin/decide",), "timeout": 30, "phases": ("restart",)}
    windows = {"windows": (Window(120, 240),), "phases": phases}
    expected = PolicyConfig(
        "auto-security", 300, (Part("quiet_hours", windows), Part("exec_program", program))
    )
    assert config.domains[0].policy == expected
    assert expected.part("exec_program") == Part("exec_program", program)
    assert expected.part("power") is None


def test_policy_of_a_domain_replaces_that_of_the_device() -> None:
    own = '[domains.main.policy]\nminimum_interval = {interval = "7d"}\n'
    [domain] = parse_config(MINIMAL + POLICY + own, "client.toml").domains
    assert domain.policy.preset == "ask"
    assert [each.type for each in domain.policy.parts] == ["minimum_interval"]
    assert domain.policy.parts[0].options["interval"] == 7 * 24 * 3600


def test_every_problem_is_reported() -> None:
    text = MINIMAL.replace('root = "/usr/share/lamp/root.pb"', "rot = 1").replace(
        '{type = "directory", link', '{type = "lilo", link'
    )
    assert problems(text) == [
        "domains.main.rot: unknown option; the options here are areas, auditors, boot, commit, full_bundle, "
        "golden, health, holders, installers, log, log_max_age, log_policy, policy, powers, require_audits, "
        "restart, root, root_chain, slots, sources, staging, start_check",
        "domains.main.root: is missing",
        "domains.main.boot.type: must be one of uboot, grub, systemd-boot, rauc, directory, exec, mcuboot, "
        "microcontroller",
    ]


def test_file_that_is_not_toml() -> None:
    [problem] = problems("vendor = ")
    assert problem.startswith("is not TOML: ")


@pytest.mark.parametrize(
    "lines, problem",
    [
        ("[check]\nfirst_retry = '2d'", "check.first_retry: must not be longer than longest_retry"),
        ("[report]", "report: set either program or url"),
        (
            "[report]\nprogram = ['/bin/x']\nurl = 'http://x'",
            "report: set either program or url",
        ),
        ("[policy]\nmetered = {}", "policy.metered: set either file or program"),
        (
            "[policy]\nmetered = {file = '/x', program = ['/x']}",
            "policy.metered: set either file or program",
        ),
        (
            "[policy]\npower = {file = '/x', mains = true}",
            "policy.power.file: has only the charge of the battery; remove it, or mains",
        ),
        ("[policy]\nbusy_file = {}", "policy.busy_file: set files, folders, or both"),
        (
            "[domains.main.policy]\nbusy_file = {}",
            "domains.main.policy.busy_file: set files, folders, or both",
        ),
        (
            "[policy]\npreset = 'off'",
            "policy.preset: must be one of ask, auto-security, auto-all, never",
        ),
        ("[consent]\napprovers = ['ann']", "consent.approvers: must be user:NAME or group:NAME"),
    ],
)
def test_options_that_contradict_each_other(lines: str, problem: str) -> None:
    assert problems(with_lines(lines)) == [problem]


@pytest.mark.parametrize(
    "installer, problem",
    [
        (
            "{type = 'raw', targets = ['x'], slots = {A = '/a'}}",
            "slots: must have exactly the slots of the domain: A, B",
        ),
        (
            "{type = 'raw', targets = ['x'], slots = {A = '/a', B = '/b', C = '/c'}}",
            "slots: must have exactly the slots of the domain: A, B",
        ),
        (
            "{type = 'directory', targets = ['x'], slots = {A = '/a', B = '/a'}}",
            "slots: must have a different value for each slot",
        ),
        (
            "{type = 'raw', targets = ['x', 'y'], slots = {A = '/a', B = '/b'}}",
            "targets: must be one name without a pattern for this type",
        ),
        ("{type = 'raw', slots = {A = '/a', B = '/b'}}", "targets: is missing"),
    ],
)
def test_bad_installers(installer: str, problem: str) -> None:
    text = MINIMAL.replace(
        '    {type = "directory", targets = ["*"], slots = {A = "/data/a", B = "/data/b"}},',
        installer,
    )
    assert problems(text) == [f"domains.main.installers[0].{problem}"]


def test_two_installers_do_not_share_a_path() -> None:
    other = MINIMAL[MINIMAL.index("[domains") :].replace("domains.main", "domains.other")
    assert problems(MINIMAL + other.replace("/data/a", "/data/c")) == [
        "domains.other.installers[0].slots: /data/b is a slot of domains.main.installers[0], too"
    ]


def test_slots_of_a_boot_control() -> None:
    boot = "boot = {type = 'systemd-boot', names = {A = 'a'}}"
    text = MINIMAL[: MINIMAL.index("boot = ")] + boot
    assert problems(text) == [
        "domains.main.boot.names: must have exactly the slots of the domain: A, B"
    ]


@pytest.mark.parametrize("slots", ["[]", "['A']"])
def test_domain_needs_two_slots(slots: str) -> None:
    found = problems(MINIMAL.replace('["A", "B"]', slots))
    assert found == ["domains.main.slots: must have at least 2 names"]


SMP = 'type = "mcuboot", host = "192.0.2.7"'


@pytest.mark.parametrize(
    "installer, boot, right",
    [
        (f'{SMP}, targets = ["mcu"]', SMP, True),
        (f'{SMP}, targets = ["mcu"], timeout = "9s"', SMP, True),
        (f'{SMP}, targets = ["mcu"]', f"{SMP}, port = 7", False),
        (f'{SMP}, targets = ["mcu"]', f"{SMP}, image = 1", False),
        (f'{SMP}, targets = ["mcu"]}}, {{{SMP}, targets = ["fpga"]', SMP, False),
        (f'{SMP}, targets = ["mcu"]', 'type = "uboot"', False),
        ('type = "exec", targets = ["mcu"], program = ["/bin/sh"]', SMP, False),
    ],
)
def test_installer_and_boot_control_of_mcuboot_have_one_image(
    installer: str, boot: str, right: bool
) -> None:
    text = f"""
vendor = "Example Lamps Ltd"
[domains.mcu]
root = "/usr/share/lamp/root.pb"
slots = ["A", "B"]
sources = [{{type = "file", path = "/media/usb"}}]
installers = [{{{installer}}}]
boot = {{{boot}}}
"""
    if right:
        assert parse_config(text, "client.toml").domains[0].boot.type == "mcuboot"
        return
    assert problems(text) == [
        "domains.mcu.installers: must have one of type mcuboot if `boot` has this type, and none "
        "otherwise, with the same host, port and image"
    ]


LINE = 'type = "microcontroller", line = "/dev/ttyS1"'


@pytest.mark.parametrize(
    "installer, boot, right",
    [
        (f'{LINE}, targets = ["meter.bundle"]', LINE, True),
        (f'{LINE}, targets = ["meter.bundle"]', f"{LINE}, restart_timeout = '1m'", True),
        (f'{LINE}, targets = ["meter.bundle"]', f"{LINE}, baud = 9600", False),
        (f'{LINE}, targets = ["meter.bundle"]', f"{LINE}, consent = 'device'", False),
        (f'{LINE}, targets = ["meter.bundle"]', 'type = "uboot"', False),
    ],
)
def test_installer_and_boot_control_of_a_microcontroller_have_one_line(
    installer: str, boot: str, right: bool
) -> None:
    text = MINIMAL.replace(
        '    {type = "directory", targets = ["*"], slots = {A = "/data/a", B = "/data/b"}},',
        f"{{{installer}}}",
    )
    text = f"{text[: text.index('boot = ')]}boot = {{{boot}}}"
    if right:
        assert parse_config(text, "client.toml").domains[0].boot.options["baud"] == 115200
        return
    assert problems(text) == [
        "domains.main.installers: must have one of type microcontroller if `boot` has this type, and none "
        "otherwise, with the same line, baud and consent"
    ]


def test_domains_that_do_not_fit_into_the_record_are_rejected() -> None:
    def domain(name: str) -> str:
        text = MINIMAL[MINIMAL.index("[domains") :].replace("domains.main", f"domains.{name}")
        return text.replace("/data/", f"/data/{name}_")

    three = MINIMAL + domain("radio") + domain("motor")
    assert len(parse_config(three, "client.toml").domains) == 3
    [found] = problems(three + domain("lamp"))
    assert re.fullmatch(
        r"domains: their state may have \d+ bytes, and the client's record has room for 8140; "
        r"configure fewer domains or slots, or give them shorter names",
        found,
    )
