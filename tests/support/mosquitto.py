"""A real mosquitto on a port of the loopback, and a subscriber that keeps all that it hears."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.commands import until
from tests.support.paho import paho

_PROGRAM = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Mosquitto:
    """A broker that forgets everything when it is killed, unless *lines* let it keep all it has at once.

    Args:
        folder: where its files are.
        lines: more lines of its configuration; with ``persistence true`` it keeps all when it is ended.
    """

    def __init__(self, folder: Path, *lines: str) -> None:
        self.port = free_port()
        self._folder = folder
        self._process: subprocess.Popen | None = None
        (folder / "mosquitto.conf").write_text(
            "\n".join(
                [
                    f"listener {self.port} 127.0.0.1",
                    # What a subscriber of the test has not read yet is kept.
                    "max_queued_messages 0",
                    "user root",
                    f"persistence_location {folder}/",
                    f"log_dest file {folder}/mosquitto.log",
                    *(lines or ["allow_anonymous true"]),
                ]
            )
        )
        (folder / "mosquitto.log").touch(mode=0o666)

    def start(self) -> None:
        self._process = subprocess.Popen(
            [_PROGRAM, "-c", str(self._folder / "mosquitto.conf")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(self._answers)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        """Let the broker do nothing until `resume`; what comes waits in the kernel."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        """End the broker; it keeps what its configuration lets it keep."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(100)
            self._process = None

    @property
    def log(self) -> str:
        return (self._folder / "mosquitto.log").read_text()

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True


class Subscriber:
    """Hears all topics of a broker, and keeps (topic, payload, retained) in order.

    Args:
        port: of the broker.
        name: a name that the broker knows again; empty: it forgets this subscriber.
        login: user and password.
    """

    def __init__(self, port: int, name: str = "", **login: str) -> None:
        client_module = paho()
        self.messages: list[tuple[str, bytes, bool]] = []
        #: How many times the broker has taken the subscription.
        self.subscriptions = 0
        words = (
            {"callback_api_version": client_module.CallbackAPIVersion.VERSION2}
            if hasattr(client_module, "CallbackAPIVersion")
            else {}
        )
        # With a name, the broker keeps for it what comes while it is away.
        self.client = client_module.Client(client_id=name, clean_session=not name, **words)
        if login:
            self.client.username_pw_set(**login)
        self.client.reconnect_delay_set(0.1, 0.1)
        self.client.on_connect = lambda client, *_: client.subscribe("#", 1)
        self.client.on_subscribe = self._count
        self.client.on_message = lambda _client, _data, message: self.messages.append(
            (message.topic, message.payload, message.retain)
        )
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        until(lambda: self.subscriptions)

    def _count(self, *_: object) -> None:
        self.subscriptions += 1

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def of(self, last: str) -> list[bytes]:
        """Return the payloads of the topics that end with *last*."""
        return [payload for topic, payload, _ in list(self.messages) if topic.endswith(f"/{last}")]

    def documents(self, last: str) -> list[dict]:
        return [json.loads(payload) for payload in self.of(last)]


@contextmanager
def subscribed(port: int, name: str = "", **login: str) -> Iterator[Subscriber]:
    subscriber = Subscriber(port, name, **login)
    try:
        yield subscriber
    finally:
        subscriber.close()


def retained(port: int, **login: str) -> dict[str, bytes]:
    """Return what the broker retains: topic → payload."""
    with subscribed(port, **login) as subscriber:
        # Retained messages come before what is published after the subscription.
        mark = f"mark/{free_port()}"
        subscriber.client.publish(mark, b"", 1)
        until(lambda: any(topic == mark for topic, _, _ in subscriber.messages))
        return {topic: payload for topic, payload, kept in subscriber.messages if kept}


@contextmanager
def mosquitto(folder: Path, *lines: str) -> Iterator[Mosquitto]:
    """A broker that runs; the test is skipped where there is none."""
    if _PROGRAM is None:
        pytest.skip("mosquitto is not installed: sudo apt-get install mosquitto")
    paho()
    folder.mkdir(parents=True, exist_ok=True)
    broker = Mosquitto(folder, *lines)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()
