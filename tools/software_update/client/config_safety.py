"""Finds files that a user other than root could change, and that decide what the client does as root."""

from collections.abc import Iterator

from software_update.client.config import Config, Part
from software_update.client.system import Storage

_PROGRAM = "program"
# The root is that of a repository.
_FILES_OF_SOURCES = ("ca_file", "root")


def unsafe_files(storage: Storage, config: Config, path: str) -> list[str]:
    """Returns a line for each file that another user could change. The service starts only without any.

    `path` is the configuration's file. The arguments of programs are not checked: a script is safe only as a
    program with `#!` in its first line, and not as the argument of its interpreter.
    """
    problems = ((file, storage.owner_problem(file)) for file in checked_files(config, path))
    return [f"{file}: {problem}" for file, problem in problems if problem]


def checked_files(config: Config, path: str) -> list[str]:
    """Returns all programs, and the files of configuration, roots, holders, keys and certificates, sorted."""
    return sorted({path, *_files(config)})


def _files(config: Config) -> Iterator[str]:
    if config.report and config.report.program:
        yield config.report.program[0]
    for domain in config.domains:
        yield domain.root
        yield from domain.root_chain
        if domain.holders:
            yield domain.holders
        if domain.disclosure.log_policy:
            yield domain.disclosure.log_policy
        yield from domain.disclosure.auditors
        if domain.restart:
            yield domain.restart[0]
        for check in domain.health:
            yield check.program[0]
        if domain.start_check and domain.start_check.verity and domain.start_check.verity.program:
            yield domain.start_check.verity.program[0]
        full = [domain.full_bundle] if domain.full_bundle else []
        for source in (*domain.sources, *full):
            for name in _FILES_OF_SOURCES:
                if file := source.options.get(name):
                    yield file
        installers = (each.part for each in domain.installers)
        for part in (domain.boot, *installers, *domain.policy.parts):
            yield from _programs(part)


def _programs(part: Part) -> Iterator[str]:
    program = part.options.get(_PROGRAM)
    if program:
        yield program[0]
