"""Every option of the client's configuration: type, default and meaning.

docs/reference/client_configuration.md is generated from these tables.
"""

from collections.abc import Sequence

from software_update.client.sections import Option, Section, Shape, Type
from software_update.client.values import (
    APPROVER,
    ATTRIBUTES,
    BOOLEAN,
    CHANNEL,
    DATE,
    DURATION,
    HEADER,
    LANGUAGE,
    NAME,
    NAME_BY_SLOT,
    PATH,
    PATH_BY_SLOT,
    PATTERN,
    PHASES,
    PROGRAM,
    RATE,
    SIZE,
    TEXT,
    URL,
    URL_BY_NAME,
    WINDOW,
    integer,
    list_of,
    one_of,
)
from software_update.format.claims import AREAS, REACH

_ALL_PHASES = ["download", "install", "restart"]
_PHASES = Option("phases", PHASES, "The phases about which this policy decides.", _ALL_PHASES)
_TRIES = Option(
    "tries",
    integer(1, 9),
    "How often the boot loader starts a slot that is not confirmed, before it falls back.",
    3,
)


def _quoted(words: Sequence[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _timeout(default: str) -> Option:
    return Option("timeout", DURATION, "The time after which the program is stopped.", default)


_SMP = [
    Option("host", TEXT, "The address or name of the microcontroller, which speaks SMP over UDP."),
    Option("port", integer(1, 65535), "Its UDP port.", 1337),
    Option("image", integer(0, 15), "The number of the image on the microcontroller.", 0),
    Option(
        "timeout",
        DURATION,
        "The time for an answer, after which the client asks again, three times at most.",
        "5s",
    ),
]

_RESTART_TIMEOUT = Option(
    "restart_timeout",
    DURATION,
    "The time after a reset in which the microcontroller must answer again.",
    "2m",
)
_SERIAL = [
    Option("line", PATH, "The serial line to the microcontroller, such as `/dev/ttyS1`."),
    Option("baud", integer(1200, 4_000_000), "Its speed in bits a second.", 115200),
    Option(
        "timeout",
        DURATION,
        "The time for an answer, after which the client asks again, three times at most. The microcontroller "
        "verifies signatures and erases flash in it.",
        "30s",
    ),
    Option(
        "consent",
        one_of("forward", "device"),
        "`forward`: the answer to the client's question also answers those of the microcontroller about this "
        "release. `device`: a person agrees on the microcontroller, too.",
        "forward",
    ),
]

_TOKEN_FILE = Option(
    "token_file",
    PATH,
    "A file with a header's value in one line, such as `Bearer` and a token. The client reads it "
    "for each request, and sends it only to the scheme, host and port of `url`.",
    None,
)
_TOKEN_HEADER = Option(
    "token_header",
    HEADER,
    "The header with the content of `token_file`.",
    "Authorization",
)
_BYTES_PER_SECOND = Option(
    "bytes_per_second",
    RATE,
    "The most bytes to fetch in a second; without it, as many as the network allows.",
    None,
)
_MIN_BYTES_PER_SECOND = Option(
    "min_bytes_per_second",
    RATE,
    "The least bytes in a second, over a minute; a slower server is given up for now.",
    "256B",
)
_CA_FILE = Option(
    "ca_file",
    PATH,
    "The certificates that sign those of the server, in PEM; without it, those of the machine.",
    None,
)
_PROXY = Option(
    "proxy",
    URL,
    "The proxy; without it, the one that `https_proxy`, `http_proxy`, `all_proxy` and `no_proxy` "
    "in the environment name.",
    None,
)
_SERVER_TIMEOUT = Option(
    "timeout",
    DURATION,
    "The time after which a connection that sends nothing has failed.",
    "30s",
)

SOURCE_TYPES = {
    "file": Type(
        "A bundle at a path. There is nothing to install while there is no file.",
        [Option("path", PATH, "The bundle.")],
    ),
    "folder": Type(
        "A folder that contains one bundle, such as the mount point of a USB stick. The bundle's name ends "
        "with `.bundle`.",
        [Option("path", PATH, "The folder.")],
    ),
    "http": Type(
        "A bundle at a URL, over HTTP or HTTPS.",
        [
            Option("url", URL, "The address of the bundle."),
            Option(
                "attachments",
                URL_BY_NAME,
                "The addresses of the files next to the bundle, if they are not those that follow from its "
                "own, as in an OCI registry. The proof has the name `tlog-proof`.",
                None,
            ),
            _BYTES_PER_SECOND,
            _MIN_BYTES_PER_SECOND,
            _TOKEN_FILE,
            _TOKEN_HEADER,
            _CA_FILE,
            _PROXY,
            _SERVER_TIMEOUT,
        ],
    ),
    "repository": Type(
        "The releases of one product and channel in a repository (TUF 1.0), over HTTP or HTTPS. The client "
        "chooses among them, refuses a repository that is not fresh, and follows its rollouts. A domain has "
        "at most one.",
        [
            Option(
                "url",
                URL,
                "The address of the repository: metadata is below `metadata/` in it, and bundles are below "
                "`targets/`.",
            ),
            Option(
                "root",
                PATH,
                "The repository's root metadata in the image (`root.json`), from which its verification "
                "starts. The domain's `root` still decides who signs releases. With another file here, "
                "the versions that the device has recorded do not count any more.",
            ),
            Option("product", TEXT, "The product, as its releases name it."),
            Option("channel", CHANNEL, "The channel."),
            _BYTES_PER_SECOND,
            _MIN_BYTES_PER_SECOND,
            _TOKEN_FILE,
            _TOKEN_HEADER,
            _CA_FILE,
            _PROXY,
            _SERVER_TIMEOUT,
        ],
    ),
    "ddi": Type(
        "The bundle that a hawkBit server assigns to this device, over its Direct Device Integration API.",
        [
            Option("url", URL, "The address of the server, without the tenant."),
            Option("tenant", NAME, "The tenant.", "DEFAULT"),
            Option(
                "id_file",
                PATH,
                "A file with the id of this device (`controllerId`) in one line, such as "
                "`/etc/machine-id`. It is a part of each request.",
            ),
            Option(
                "token_file",
                PATH,
                "A file with one line: `TargetToken` or `GatewayToken`, and the token. The client reads it "
                "for each request, and sends it only to the scheme, host and port of `url`.",
                None,
            ),
            Option(
                "attributes",
                ATTRIBUTES,
                "The attributes that the server gets when it asks for the configuration of the device, in "
                "addition to `client`.",
                None,
            ),
            Option(
                "shortest_poll",
                DURATION,
                "The shortest time between two checks to which the server may set it. Its wish replaces "
                "`check.interval`.",
                "5m",
            ),
            Option(
                "longest_poll",
                DURATION,
                "The longest time between two checks to which the server may set it.",
                "1d",
            ),
            _BYTES_PER_SECOND,
            _MIN_BYTES_PER_SECOND,
            _CA_FILE,
            _PROXY,
            _SERVER_TIMEOUT,
        ],
    ),
}
# Sources that offer the bundle of a release that another source has offered.
FULL_BUNDLE_TYPES = {name: SOURCE_TYPES[name] for name in ("file", "folder", "http")}

INSTALLER_TYPES = {
    "raw": Type(
        "One target in a partition or file for each slot. Its `targets` are one name.",
        [Option("slots", PATH_BY_SLOT, "The block device or file of each slot.")],
    ),
    "directory": Type(
        "Targets as files in a folder for each slot. A target's name is the file's path in it.",
        [Option("slots", PATH_BY_SLOT, "The folder of each slot.")],
    ),
    "exec": Type(
        "A program that installs targets, such as for a coprocessor.",
        [
            Option("program", PROGRAM, "The program, which reads and writes JSON."),
            _timeout("10m"),
        ],
    ),
    "mcuboot": Type(
        "One image of a microcontroller with MCUboot, over SMP. Its `targets` are one name.", _SMP
    ),
    "microcontroller": Type(
        "The bundle of a microcontroller with the device library, over a serial line. Its `targets` are one "
        "name.",
        _SERIAL,
    ),
}

BOOT_TYPES = {
    "uboot": Type(
        "U-Boot's environment with the variables of RAUC, `BOOT_ORDER` and `BOOT_x_LEFT`.",
        [
            Option("config", PATH, "The configuration of `fw_setenv`.", "/etc/fw_env.config"),
            Option(
                "defaults",
                PATH,
                "The variables with which `fw_setenv` of libubootenv starts a new environment.",
                None,
            ),
            _TRIES,
            Option(
                "require_redundant",
                BOOLEAN,
                "Whether an environment without a second copy is an error. Otherwise it is a warning.",
                False,
            ),
        ],
    ),
    "grub": Type(
        "GRUB's environment block, through `grub-editenv`.",
        [
            Option("environment", PATH, "The environment block.", "/boot/grub/grubenv"),
            _TRIES,
        ],
    ),
    "systemd-boot": Type(
        "systemd-boot, by the names of its entries.",
        [
            Option("entries", PATH, "The folder of the entries.", "/efi/loader/entries"),
            Option("names", NAME_BY_SLOT, "The name of the entry of each slot, without `.conf`."),
            _TRIES,
        ],
    ),
    "rauc": Type(
        "RAUC's service, for devices on which it owns the boot loader.",
        [
            Option(
                "names",
                NAME_BY_SLOT,
                "The name of each slot in RAUC's configuration, such as `rootfs.0`.",
            )
        ],
    ),
    "directory": Type(
        "A symbolic link to the folder of a slot, for containers and applications.",
        [
            Option(
                "link",
                PATH,
                "The link from which the application starts. The states of the slots are in a file next to "
                "it.",
            ),
            Option("slots", PATH_BY_SLOT, "The folder of each slot."),
            _TRIES,
            Option(
                "restarts",
                one_of("application", "machine"),
                "What the domain's program `restart` restarts. `application`: the application has started "
                "again when the program ends. `machine`: the machine goes down.",
                "application",
            ),
        ],
    ),
    "exec": Type(
        "A program for any other boot loader.",
        [
            Option("program", PROGRAM, "The program, which reads and writes JSON."),
            _timeout("30s"),
        ],
    ),
    "mcuboot": Type(
        "A microcontroller with MCUboot, over SMP. Without a program `restart`, the client resets it.",
        [*_SMP, _RESTART_TIMEOUT],
    ),
    "microcontroller": Type(
        "A microcontroller with the device library, over a serial line. Without a program `restart`, the "
        "client resets it.",
        [*_SERIAL, _RESTART_TIMEOUT],
    ),
}

# Types of installers that take one target.
SINGLE_TARGET_TYPES = frozenset({"raw", "mcuboot", "microcontroller"})
# Kinds of values with an entry for each slot of the domain.
BY_SLOT = (PATH_BY_SLOT, NAME_BY_SLOT)

QUIET_HOURS = Section(
    "policy.quiet_hours",
    "Defers outside windows of the day.",
    [
        Option("windows", list_of(WINDOW, "windows"), "The times at which a phase may start."),
        _PHASES,
    ],
)
METERED = Section(
    "policy.metered",
    "Limits the size of a download over a metered network. Set `file` or `program`, which contains or "
    "prints one line: yes, no, true, false, 1 or 0, and perhaps further words.",
    [
        Option("file", PATH, "The file that says whether the network is metered.", None),
        Option("program", PROGRAM, "The program that says it.", None),
        _timeout("10s"),
        Option("most_bytes", SIZE, "The largest download over a metered network.", "1MiB"),
        Option(
            "choice",
            one_of("ask", "defer", "deny"),
            "The decision about a larger one: a person is asked, the client waits for another network, "
            "or the release is refused.",
            "ask",
        ),
        Option("phases", PHASES, _PHASES.meaning, ["download"]),
    ],
)
POWER = Section(
    "policy.power",
    "Defers without enough charge in the battery. Mains power is always enough.",
    [
        Option("minimum_percent", integer(0, 100), "The charge that is enough.", 50),
        Option("mains", BOOLEAN, "Whether only mains power is enough.", False),
        Option("folder", PATH, "The kernel's list of power supplies.", "/sys/class/power_supply"),
        Option(
            "file",
            PATH,
            "A file with the charge in percent, which is read in place of `folder`.",
            None,
        ),
        _PHASES,
    ],
)
BUSY_FILE = Section(
    "policy.busy_file",
    "Defers while another program is busy. Set `files`, `folders`, or both.",
    [
        Option(
            "files", list_of(PATH, "paths"), "Files: the device is busy while one exists.", None
        ),
        Option(
            "folders",
            list_of(PATH, "paths"),
            "Folders: the device is busy while one has entries.",
            None,
        ),
        _PHASES,
    ],
)
MINIMUM_INTERVAL = Section(
    "policy.minimum_interval",
    "Defers until some time after the last installation.",
    [Option("interval", DURATION, "The time between two installations."), _PHASES],
)
POSTPONEMENT = Section(
    "policy.postponement",
    "Limits how often and how long a person may put off a release. Afterwards, the preset decides about the "
    "download and the installation. A restart that was put off happens only after an answer.",
    [
        Option("times", integer(0, 1000), "How often a person may put off a release.", 3),
        Option(
            "days",
            integer(0, 3650),
            "The number of days after the first question about a release in which a person may.",
            14,
        ),
    ],
)
POWERS_GAINED = Section(
    "policy.powers_gained",
    "Decides when a release claims powers that the claims of the installed release do not have, or changes a "
    "target without a claim. An empty table suffices. Then a person is asked, whatever the preset allows. "
    "Claims are the vendor's: a release may do more than it claims.",
    [
        Option(
            "choice",
            one_of("ask", "deny"),
            "The decision about such a release: a person is asked, or it is refused.",
            "ask",
        ),
        _PHASES,
    ],
)
EXEC_PROGRAM = Section(
    "policy.exec_program",
    "Lets a program decide, which reads and writes JSON (`software_update.exec_policy.v1`).",
    [Option("program", PROGRAM, "The program."), _timeout("30s"), _PHASES],
)
# In the order of the chain.
POLICIES = {
    section.place.partition(".")[2]: section
    for section in (
        QUIET_HOURS,
        METERED,
        POWER,
        BUSY_FILE,
        MINIMUM_INTERVAL,
        POSTPONEMENT,
        POWERS_GAINED,
        EXEC_PROGRAM,
    )
}

POLICY = Section(
    "policy",
    "The consumer's and the product's standing answers. Of several decisions, the strictest counts: deny, "
    "then ask, then defer, then allow.",
    [
        Option(
            "preset",
            one_of("ask", "auto-security", "auto-all", "never"),
            "The first preset, which `provision` writes. The consumer changes it with `policy`.",
            "ask",
        ),
        Option(
            "retry",
            DURATION,
            "The time after which the client asks a policy again that deferred without a time.",
            "15m",
        ),
        *(Option(name, section, default=None) for name, section in POLICIES.items()),
    ],
)

DOMAIN = Section(
    "domains.NAME",
    "A trust domain: a part of the device, and the root that decides who signs its releases. The client's "
    "record has room for three domains with two slots and short names; a configuration that might not fit "
    "is rejected.",
    [
        Option(
            "root",
            PATH,
            "Signed root metadata in the image, from which every verification starts. A newer one in a newer "
            "image moves the stored root, if the stored root has signed it.",
        ),
        Option(
            "root_chain",
            list_of(PATH, "paths", at_least=1),
            "Signed roots in the image that lead from earlier roots to `root`, oldest first, for a device "
            "whose stored root is more than one version behind.",
            None,
        ),
        Option(
            "holders",
            PATH,
            "A file of holders, which gives the names of the keys that signed. Without it, questions show "
            "the start of each key id.",
            None,
        ),
        Option("slots", list_of(NAME, "names", at_least=2), "The names of the slots."),
        Option(
            "golden",
            PATH,
            "The golden bundle, which `recover` installs when no slot is good: a file that no update writes, "
            "on a read-only file system.",
            None,
        ),
        Option(
            "staging",
            one_of("stream", "store"),
            "`stream`: bytes go from the source into the slot, and download and installation are one "
            "question. `store`: the bundle is fetched first, and they are two questions.",
            "stream",
        ),
        Option(
            "restart",
            PROGRAM,
            "The program that restarts this part of the device, after consent. Without it, boot controls "
            "`mcuboot` and `microcontroller` reset their part; for all others, something else restarts it, "
            "and tells the client with `restart-done` unless the device itself restarts.",
            None,
        ),
        Option(
            "commit",
            one_of("automatic", "manual"),
            "`automatic`: the client commits a release whose health programs pass. `manual`: a person "
            "commits it.",
            "automatic",
        ),
        Option(
            "log",
            one_of("off", "warn", "require"),
            "Whether a release must be in a public log. The client fetches the proof next to the bundle, and "
            "checks it before the question. `warn`: the question says that a release is not proven to be in "
            "one. `require`: the client refuses such a release.",
            "off",
        ),
        Option(
            "log_policy",
            PATH,
            "The logs and witnesses that the device trusts (`c2sp.org/tlog-policy`), in the image.",
            None,
        ),
        Option(
            "log_max_age",
            DURATION,
            "The age at which cosignatures of witnesses do not count any more. Without this option, all "
            "count. A release that is offered for longer needs a newer proof then.",
            None,
        ),
        Option(
            "require_audits",
            integer(0, 16),
            "The number of `auditors` who must say that they have rebuilt the release, and that it is the "
            "same. The statement of each is the attachment `audit.KEY_ID.dsse.json`, which has the first 16 "
            "digits of the key id.",
            0,
        ),
        Option(
            "auditors",
            list_of(PATH, "paths"),
            "The public keys (PEM) of auditors, in the image. None may be a key of the vendor.",
            None,
        ),
        Option(
            "powers",
            list_of(one_of(*REACH), "powers", at_least=0),
            f"The powers of this part of the device: {_quoted(REACH)}. The client refuses a release that "
            "claims another one (`POWER_NOT_ALLOWED`), also one with a word that the client does not know. "
            "Without this option, the client compares no powers. It compares claims, and does not keep a "
            "program from a power.",
            None,
        ),
        Option(
            "areas",
            list_of(one_of(*AREAS), "areas"),
            f"The areas that this part of the device owns: {_quoted(AREAS)}. The client refuses a release "
            "that claims another one, in the same way. Without this option, the client compares no areas.",
            None,
        ),
        Option(
            "sources",
            Section(
                "domains.NAME.sources",
                "The places that offer a bundle, in the order in which the client reads them.",
                [],
                SOURCE_TYPES,
                Shape.LIST,
            ),
        ),
        Option(
            "full_bundle",
            Section(
                "domains.NAME.full_bundle",
                "The full bundle of the same release. The client fetches payloads from it that a "
                "personalized bundle does not contain, and the running slot does not contain any more. The "
                "size in a question does not include them.",
                [],
                FULL_BUNDLE_TYPES,
            ),
            default=None,
        ),
        Option(
            "installers",
            Section(
                "domains.NAME.installers",
                "The installers. The first one that takes a target installs it.",
                [
                    Option(
                        "targets",
                        list_of(PATTERN, "patterns"),
                        "The targets that this installer takes.",
                    )
                ],
                INSTALLER_TYPES,
                Shape.LIST,
            ),
        ),
        Option(
            "boot",
            Section(
                "domains.NAME.boot",
                "The boot control, which decides which slot starts.",
                [],
                BOOT_TYPES,
            ),
        ),
        Option(
            "health",
            Section(
                "domains.NAME.health",
                "The programs that must end with status 0 before a commit. Otherwise the client rolls "
                "back.",
                [Option("program", PROGRAM, "The program."), _timeout("60s")],
                shape=Shape.LIST,
            ),
            default=None,
        ),
        Option(
            "start_check",
            Section(
                "domains.NAME.start_check",
                "The check of the slot that runs: at each start, and before a commit. An empty table "
                "suffices; without it, only `verify-installed` checks the slot.",
                [
                    Option(
                        "damaged",
                        one_of("report", "other_slot"),
                        "The action about a damaged slot that runs. `report`: the client reports "
                        "`SLOT_DAMAGED`, and goes on. `other_slot`: it also makes the slot unbootable and "
                        "restarts, if the boot loader has another good slot.",
                        "report",
                    ),
                    Option(
                        "verity",
                        Section(
                            "domains.NAME.start_check.verity",
                            "Targets that the kernel verifies with dm-verity as it reads them. The client "
                            "compares the root hash, and does not hash them.",
                            [
                                Option(
                                    "targets",
                                    list_of(PATTERN, "patterns"),
                                    "The targets in the dm-verity device. All others are hashed.",
                                ),
                                Option(
                                    "root_hash",
                                    TEXT,
                                    "The target of each release whose content is the root hash, in "
                                    "hexadecimal.",
                                ),
                                Option(
                                    "file",
                                    PATH,
                                    "The file with the root hash that the kernel uses: as `roothash=HEX`, or "
                                    "as its whole content. Verified boot must protect it, as it does the "
                                    "command line in a unified kernel image.",
                                    "/proc/cmdline",
                                ),
                                Option(
                                    "program",
                                    PROGRAM,
                                    "The program that prints the root hash, in place of `file`, such as "
                                    "`veritysetup status`.",
                                    None,
                                ),
                                _timeout("10s"),
                            ],
                        ),
                        default=None,
                    ),
                ],
            ),
            default=None,
        ),
        Option(
            "policy",
            Section(
                "domains.NAME.policy",
                "The policy of this domain, with the same options as `policy`. It replaces the whole "
                "`policy` of the device.",
                POLICY.options,
            ),
            default=None,
        ),
    ],
    shape=Shape.NAMED,
)

CONFIGURATION = Section(
    "",
    "Options at the top of the file, before the first table.",
    [
        Option(
            "vendor",
            TEXT,
            "The name of the vendor in questions. It comes from here, and never from a release.",
        ),
        Option(
            "hardware_id",
            NAME,
            "The hardware id of the device. Without it, the client does not compare hardware ids.",
            None,
        ),
        Option(
            "state",
            PATH,
            "The folder for the record, the history, roots, stored bundles and what is kept of downloads.",
            "/var/lib/software_update",
        ),
        Option(
            "language",
            LANGUAGE,
            "The language of the release notes in questions, if the release has them in it.",
            "en",
        ),
        Option(
            "built",
            DATE,
            "The time at which the image was built. A clock that shows an earlier one is wrong, and expiry "
            "dates are compared with this time instead.",
            None,
        ),
        Option("domains", DOMAIN),
        Option(
            "check",
            Section(
                "check",
                "The times at which the service looks for releases.",
                [
                    Option(
                        "interval",
                        DURATION,
                        "The time between two checks, up to 25 % more or less. The first check comes at a "
                        "random time within the first interval after a start: choose a short interval for "
                        "a device that is on for short times.",
                        "6h",
                    ),
                    Option(
                        "first_retry",
                        DURATION,
                        "The longest wait after a source has failed for the first time; the client waits for "
                        "a random part of it. It doubles with each failure in a row. A check that has failed "
                        "three times in a row waits for `interval` instead.",
                        "1m",
                    ),
                    Option(
                        "longest_retry", DURATION, "The longest such wait of a download.", "12h"
                    ),
                ],
            ),
            default={},
        ),
        Option(
            "consent",
            Section(
                "consent",
                "The people who may answer questions and change the policy.",
                [
                    Option(
                        "approvers",
                        list_of(APPROVER, "approvers"),
                        "The users and groups who may. Reading the status needs no permission.",
                        ["user:root"],
                    ),
                    Option(
                        "page",
                        BOOLEAN,
                        "Whether the service serves the consent page on loopback, to browsers of users for "
                        "whom `software-update-client page` has made an address. The service must be "
                        "started with `run --page`.",
                        False,
                    ),
                ],
            ),
            default={},
        ),
        Option("policy", POLICY, default={}),
        Option(
            "report",
            Section(
                "report",
                "The receiver of reports. Without this table, the client sends none. Set `program` or "
                "`url`.",
                [
                    Option("program", PROGRAM, "A program that reads a report as JSON.", None),
                    Option("url", URL, "A URL to which a report is posted as JSON.", None),
                    Option(
                        "timeout",
                        DURATION,
                        "The time after which the program is stopped, or the request has failed.",
                        "30s",
                    ),
                ],
            ),
            default=None,
        ),
        Option(
            "socket",
            Section(
                "socket",
                "The socket of the service's API.",
                [Option("path", PATH, "The Unix socket.", "/run/software_update/client.sock")],
            ),
            default={},
        ),
    ],
)
