"""The whole way of three releases: built by the rules, published, served by nginx, installed with U-Boot.

The test prints what publisher and lamp say.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from software_update.base.dates import format_date
from software_update.client.question import Phase
from software_update.client.state import Code, Detail
from software_update.format.rollout import place
from software_update.testing.short_folder import short_folder
from tuf.ngclient import Updater

from tests.device.nginx import Nginx
from tests.device.qemu_uboot import Board
from tests.serving.lamp.lamp import Clock, Lamp
from tests.serving.lamp.make_image import image
from tests.serving.lamp.publisher import Publisher
from tests.serving.nginx_page import configuration

BUILT = Path("tests/serving/lamp")
SCRIPT = Path(os.environ["BOOT_SCRIPT"])
DEV_ROOT = Path(os.environ["DEV_ROOT"])
DAY = 24 * 60 * 60
# A download takes about two seconds.
LIMITS = {"limit_rate_after 1m": "limit_rate_after 64k", "limit_rate 2m": "limit_rate 300k"}
CUT_AT = 300_000
# More than metadata and release manifests take, and less than an image.
FEW_BYTES = 100_000


def tell(line: str) -> None:
    print(line, flush=True)


@pytest.fixture(name="folder")
def folder_fixture() -> Iterator[Path]:
    with short_folder() as folder:
        yield folder


@pytest.fixture(name="nginx")
def nginx_fixture(folder: Path) -> Iterator[Nginx]:
    nginx = Nginx(folder / "server", configuration("server.conf", **LIMITS))
    nginx.start()
    yield nginx
    nginx.stop()


@pytest.fixture(name="clock")
def clock_fixture() -> Clock:
    return Clock()


@pytest.fixture(name="publisher")
def publisher_fixture(folder: Path, nginx: Nginx, clock: Clock) -> Publisher:
    publisher = Publisher(folder, folder / "server/www", clock.now, tell)
    publisher.init()
    return publisher


@pytest.fixture(name="lamp")
def lamp_fixture(folder: Path, nginx: Nginx, clock: Clock, publisher: Publisher) -> Iterator[Lamp]:
    """A lamp from the factory, with system 1.0 in slot A."""
    board = Board.make(folder / "board", SCRIPT)
    board.write_slot("A", image("1.0"))
    board.set_variables(BOOT_ORDER="A B")
    shutil.copy(DEV_ROOT, folder / "product_root.pb")
    put_into_second_half(folder, "1.2")
    lamp = Lamp(folder, board, clock, tell)
    lamp.write_config(nginx.url(""))
    lamp.start()
    lamp.provision(BUILT / "lamp-1.0.bundle")
    yield lamp
    lamp.stop()


def restart(lamp: Lamp, version: str) -> None:
    """Switches the lamp off and on, and checks that it has committed a system."""
    lamp.stop()
    lamp.start()
    assert lamp.code() == Code.UPDATED
    state = lamp.client.state.domain("main")
    assert state.floor is not None
    assert state.floor.version == version


def put_into_second_half(folder: Path, version: str) -> None:
    """Gives a lamp that has not started a secret, with which it is in the last 70 % of a rollout."""
    release = release_of(version)
    secrets = (hashlib.sha256(bytes([number])).digest() for number in range(256))
    secret = next(each for each in secrets if place(each, release) > 0.3 * 2**32)
    (folder / "state").mkdir()
    (folder / "state/rollout-secret").write_bytes(secret)


def release_of(version: str) -> str:
    unsigned = BUILT / f"lamp-{version}.signing_request"
    return hashlib.sha256(unsigned.read_bytes()).hexdigest()


def cut_once(lamp: Lamp, nginx: Nginx) -> None:
    """Kills nginx in the middle of the next download, and starts it again a second later."""
    handled = 0

    def on_progress(size: int) -> None:
        nonlocal handled
        handled += size
        if handled >= CUT_AT:
            tell(f"network: nginx is killed after {handled} bytes")
            nginx.stop()
            threading.Timer(1, nginx.start).start()
            lamp.on_progress = lambda _: None

    lamp.on_progress = on_progress


def sent(nginx: Nginx) -> int:
    return sum(each.length for each in nginx.log())


def test_three_releases(
    publisher: Publisher, nginx: Nginx, lamp: Lamp, clock: Clock, folder: Path
) -> None:
    # A release without rollout rules is for people who ask.
    publisher.publish(BUILT / "first.release_list.json")
    lamp.check(by_person=False)
    assert lamp.code() == Code.NOT_ROLLED_OUT
    lamp.check(by_person=True)
    assert lamp.asked() == Phase.DOWNLOAD
    assert sent(nginx) < FEW_BYTES

    # The download continues after a cut.
    cut_once(lamp, nginx)
    lamp.approve()
    assert lamp.asked() == Phase.INSTALL
    last = nginx.log()[-1]
    assert int(last.range.removeprefix("bytes=").partition("-")[0]) >= CUT_AT
    lamp.approve()
    lamp.approve()
    restart(lamp, "1.1")

    # A release in two bands.
    publisher.publish(BUILT / "second.release_list.json")
    publisher.rollout("1.2", "--band=30=now", f"--band=100={tomorrow(clock)}")
    before = sent(nginx)
    lamp.check(by_person=False)
    assert lamp.code() == Code.WAITING_FOR_ROLLOUT
    assert sent(nginx) - before < FEW_BYTES
    clock.ahead += DAY
    publisher.refresh()
    lamp.check(by_person=False)
    for phase in (Phase.DOWNLOAD, Phase.INSTALL, Phase.RESTART):
        assert lamp.asked() == phase
        lamp.approve()
    restart(lamp, "1.2")

    # A halt reaches the lamp before it downloads.
    publisher.publish(BUILT / "third.release_list.json")
    publisher.rollout("1.3", "--band=100=now")
    lamp.check(by_person=False)
    assert lamp.asked() == Phase.DOWNLOAD
    publisher.rollout("1.3", "--halt=it flickers")
    clock.ahead += DAY
    publisher.refresh()
    before = sent(nginx)
    lamp.approve()
    assert (lamp.client.state.detail, lamp.code()) == (Detail.IDLE, Code.HALTED)
    lamp.check(by_person=True)
    assert lamp.code() == Code.HALTED
    assert sent(nginx) - before < FEW_BYTES

    # Another client of TUF reads the same repository.
    found = downloaded_by_ngclient(publisher, nginx, folder, "lamp/stable/1.3.bundle")
    assert found == (BUILT / "lamp-1.3.bundle").read_bytes()
    tell(f"python-tuf: lamp/stable/1.3.bundle, {len(found)} bytes")


def tomorrow(clock: Clock) -> str:
    return format_date(clock.now() + DAY)


def downloaded_by_ngclient(publisher: Publisher, nginx: Nginx, folder: Path, path: str) -> bytes:
    """Returns a target file that python-tuf's own client finds and verifies."""
    for name in ("ngclient", "downloads"):
        (folder / name).mkdir()
    updater = Updater(
        str(folder / "ngclient"),
        nginx.url("metadata/"),
        str(folder / "downloads"),
        nginx.url("targets/"),
        bootstrap=Path(publisher.root).read_bytes(),
    )
    target = updater.get_targetinfo(path)
    assert target is not None
    return Path(updater.download_target(target)).read_bytes()
