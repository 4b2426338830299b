"""acquire under a service manager: when it is ready, its signs of life, and the words of its state."""

from __future__ import annotations

import signal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from linkymonitor.commands.service import Service
from linkymonitor.system.notify import Manager
from tests.support.commands import daemon, until
from tests.support.manager import FakeManager
from tests.support.pty_meter import PtyMeter
from tests.support.whole import Bench, frames

PARIS = ZoneInfo("Europe/Paris")
#: Seconds within which the service must give a sign of life.
WATCHDOG = 0.6


@pytest.fixture
def systemd(tmp_path):
    with FakeManager(tmp_path, watchdog=WATCHDOG) as manager:
        yield manager


def test_acquire_is_ready_without_its_meter_and_tells_that_it_is_away(systemd, tmp_path):
    with daemon(
        "acquire", "-i", "/dev/ttyLinky7", "--log-dir", tmp_path / "log", **systemd.environ
    ) as process:
        assert systemd.hear() == {
            "READY": "1",
            "STATUS": "/dev/ttyLinky7 : absent ou ne s'ouvre pas, nouveaux essais",
        }
        assert systemd.hear_until("WATCHDOG")["STATUS"].startswith("/dev/ttyLinky7 : absent")
        process.send_signal(signal.SIGTERM)
        systemd.hear_until("STOPPING")
        process.wait(100)
    assert process.returncode == 0


def test_a_port_that_another_process_has_is_never_ready(systemd, tmp_path):
    with PtyMeter() as meter, daemon("decode", meter.path) as other:
        until(lambda: meter.attributes[3] == 0 and meter.listened_at == 9600)
        with daemon("acquire", "-i", meter.path, "--log-dir", tmp_path, **systemd.environ) as process:
            process.wait(100)
        other.kill()
    assert process.returncode == 75
    systemd.drain()
    assert systemd.messages == []


def test_a_process_that_hangs_gives_no_sign_of_life_and_its_death_frees_the_log(systemd, tmp_path):
    arguments = ("acquire", "-i", "/dev/ttyLinky7", "--log-dir", tmp_path / "log")
    with daemon(*arguments, **systemd.environ) as process:
        systemd.hear_until("WATCHDOG")
        process.send_signal(signal.SIGSTOP)
        until(lambda: ") T " in Path(f"/proc/{process.pid}/stat").read_text())
        systemd.drain()
        assert systemd.hear(2 * WATCHDOG) is None
        process.kill()
        process.wait(100)
    with daemon(*arguments, **systemd.environ):
        systemd.hear_until("READY")


def test_a_callback_that_does_not_return_ends_the_signs_of_life(systemd, tmp_path):
    bench = Bench(tmp_path, *frames(3))
    service = Service(Manager(systemd.environ), bench.appliance, PARIS)
    told = []

    def hang(_):
        systemd.drain()
        systemd.messages.clear()
        bench.clock.advance(3600)
        systemd.drain()
        told.extend(systemd.messages)

    bench.appliance.callbacks = [hang]
    service.run(float("inf"))
    assert told == []
    systemd.drain()
    assert any("WATCHDOG" in message for message in systemd.messages)


def test_the_words_of_the_state_follow_the_meter(systemd, tmp_path):
    bench = Bench(tmp_path, *frames(20))
    bench.appliance.callbacks = [lambda _: systemd.drain()]
    service = Service(Manager(systemd.environ), bench.appliance, PARIS)
    assert service.words().en == "bytes: no frame heard yet"
    service.run(float("inf"))
    systemd.drain()
    words = [message["STATUS"] for message in systemd.messages if "WATCHDOG" in message]
    assert words[-1] == ("historique, 1200 bauds ; dernière trame à 12:00:40 ; 20 trames, 0 groupe refusé")
    assert "041876543210" not in str(systemd.messages)
    assert [next(iter(message)) for message in systemd.messages][:1] == ["READY"]
    assert [next(iter(message)) for message in systemd.messages][-1:] == ["STOPPING"]
