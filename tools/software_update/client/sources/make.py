"""Makes the source that a configuration describes."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from software_update.client.source import Source
from software_update.client.sources.file import FileSource, FolderSource
from software_update.client.sources.http import HttpSettings, HttpSource
from software_update.client.sources.resuming import ResumingSource
from software_update.client.system import Network, System


def make_source(
    kind: str,
    options: Mapping[str, Any],
    system: System,
    connect: Callable[[str | None, str | None, float], Network],
    sleep: Callable[[float], None],
) -> Source:
    """Returns a source of type `kind`: "file", "folder" or "http".

    `options` are those of `config_options.SOURCE_TYPES`. `connect` returns the network for a proxy, a file of
    certificates and a time limit in seconds. `sleep` waits for seconds. Raises ValueError for options that
    are not usable, without their values.
    """
    if kind == "file":
        return FileSource(system.storage, options["path"])
    if kind == "folder":
        return FolderSource(system.storage, options["path"])
    network = connect(options["proxy"], options["ca_file"], options["timeout"])
    settings = HttpSettings(
        options["url"],
        options["token_file"],
        options["token_header"],
        options["bytes_per_second"],
    )
    source = HttpSource(replace(system, network=network), sleep, settings)
    return ResumingSource(source, system.clock, sleep)
