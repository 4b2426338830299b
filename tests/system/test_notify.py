"""The messages to a service manager."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from linkymonitor.system.notify import Manager
from tests.support.manager import FakeManager


def test_each_message_is_one_datagram(tmp_path):
    with FakeManager(tmp_path) as systemd:
        manager = Manager(systemd.environ)
        manager.ready("mode historique\n1200 bauds")
        manager.alive()
        manager.reloading()
        manager.stopping()
        systemd.drain()
    ready, alive, reloading, stopping = systemd.messages
    assert ready == {"READY": "1", "STATUS": "mode historique 1200 bauds"}
    assert alive == {"WATCHDOG": "1"}
    assert reloading.keys() == {"RELOADING", "MONOTONIC_USEC"}
    assert stopping == {"STOPPING": "1"}


def test_the_address_may_be_abstract():
    name = f"linkymonitor-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(f"\0{name}")
        Manager({"NOTIFY_SOCKET": f"@{name}"}).ready()
        listener.settimeout(60)
        assert listener.recv(100) == b"READY=1"


@pytest.mark.parametrize(
    "address", ["", "vsock:2:1234", "/nowhere/notify", "@nobody-listens-there", "/" + "x" * 200]
)
def test_a_manager_that_is_not_there_costs_nothing(address):
    manager = Manager({"NOTIFY_SOCKET": address} if address else {})
    manager.ready("words")
    manager.alive()
    assert manager.watchdog is None


def test_a_manager_that_hears_nothing_costs_messages_and_holds_nothing_up(tmp_path):
    waiting = int(Path("/proc/sys/net/unix/max_dgram_qlen").read_text())
    with FakeManager(tmp_path) as systemd:
        manager = Manager(systemd.environ, patience=0.001)
        for _ in range(waiting + 50):
            manager.alive()
        systemd.drain()
    assert 0 < len(systemd.messages) < waiting + 50


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        pytest.param({"WATCHDOG_USEC": "30000000"}, 30.0, id="for every process of the service"),
        pytest.param(
            {"WATCHDOG_USEC": "500000", "WATCHDOG_PID": str(os.getpid())}, 0.5, id="for this process"
        ),
        pytest.param({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": "1"}, None, id="for another process"),
        pytest.param({"WATCHDOG_USEC": "0"}, None, id="zero"),
        pytest.param({"WATCHDOG_USEC": "soon"}, None, id="no number"),
        pytest.param({}, None, id="no watchdog"),
    ],
)
def test_the_watchdog_is_for_the_process_that_it_names(environ, seconds):
    assert Manager(environ).watchdog == seconds
