"""Tests of arguments.py."""

import argparse

from software_update.cli.log.arguments import readable_of
from software_update.repository.storages.folder import FolderStorage
from software_update.repository.web import WebFolder


def test_a_log_is_a_folder_or_an_address() -> None:
    web = readable_of(argparse.Namespace(log="https://log.example/firmware"))
    assert isinstance(web, WebFolder)
    assert readable_of(argparse.Namespace(log="log")) == FolderStorage("log")
