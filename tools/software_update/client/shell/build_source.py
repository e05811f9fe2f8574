"""Makes the sources of a configuration. Imports only those that it names."""

import hashlib
import importlib.util
import time
from dataclasses import replace
from typing import Any

from software_update.base.errors import InputError
from software_update.client.config import Part
from software_update.client.repository import RepositorySource
from software_update.client.shell.network import UrllibNetwork
from software_update.client.source import Source
from software_update.client.sources.file import FileSource, FolderSource
from software_update.client.system import System

_ROOT_DIGITS = 8


def build_source(part: Part, system: System, place: str) -> Source:
    """Returns a source that offers one bundle. `place` names it in errors. Raises InputError."""
    if part.type == "file":
        return FileSource(system.storage, part.options["path"])
    if part.type == "folder":
        return FolderSource(system.storage, part.options["path"])
    _require("urllib3", "client", place)
    options, system = _with_network(part, system)
    try:
        return _source_of_server(part.type, options, system)
    except ValueError as error:
        raise InputError(f"{place}: {error}") from None


def build_repository(
    part: Part, system: System, place: str, root: bytes, cache: str
) -> RepositorySource:
    """Returns a repository. `root` is its root metadata, and `cache` a folder for it. Raises InputError."""
    _require("urllib3", "client", place)
    _require("tuf", "repository", place)
    from software_update.client.shell.tuf_repository import RepositorySettings, TufRepository
    from software_update.client.sources.requests import HttpSettings

    options, system = _with_network(part, system)
    product, channel = options.pop("product"), options.pop("channel")
    del options["root"]
    settings = RepositorySettings(HttpSettings(**options), root, product, channel, cache)
    try:
        repository = TufRepository(system, time.sleep, settings)
    except ValueError as error:
        raise InputError(f"{place}: {error}") from None
    return RepositorySource(repository, product, hashlib.sha256(root).hexdigest()[:_ROOT_DIGITS])


def _require(package: str, extra: str, place: str) -> None:
    if importlib.util.find_spec(package) is None:
        raise InputError(f"{place}: {package} is missing; install rules_software_update[{extra}]")


def _with_network(part: Part, system: System) -> tuple[dict[str, Any], System]:
    """Returns the options but for those of the network, and the machine with a network of these."""
    options = dict(part.options)
    proxy, ca_file, timeout = (options.pop(name) for name in ("proxy", "ca_file", "timeout"))
    if isinstance(system.network, UrllibNetwork):
        network = UrllibNetwork(proxy=proxy, ca_file=ca_file, read_seconds=timeout)
        system = replace(system, network=network)
    return options, system


def _source_of_server(type_: str, options: dict[str, Any], system: System) -> Source:
    """Returns a source that is read over the network. Raises ValueError."""
    if type_ == "ddi":
        from software_update.client.sources.ddi import DdiSettings, DdiSource

        return DdiSource(system, time.sleep, DdiSettings(**options))
    from software_update.client.sources.http import HttpSource, attachments_at
    from software_update.client.sources.requests import HttpSettings
    from software_update.client.sources.resuming import ResumingSource

    urls = options.pop("attachments")
    settings = HttpSettings(**options)
    attachment = attachments_at(system, time.sleep, settings, urls) if urls else None
    source = HttpSource(system, time.sleep, settings, attachment=attachment)
    return ResumingSource(source, system.clock, time.sleep)
