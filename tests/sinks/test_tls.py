"""A certificate that cannot be trusted is one sentence with its remedy, over MQTT and over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import NamedTuple

import pytest

from linkymonitor.errors import SinkUnavailable
from linkymonitor.language import Text
from linkymonitor.sinks import influxdb, webhook
from linkymonitor.sinks.base import Event
from tests.support.certificates import Certificate, certificate
from tests.support.http_server import serving
from tests.support.mosquitto import mosquitto
from tests.support.mqtt_box import row, sink

# paho-mqtt leaves the socket of a handshake that failed to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:Exception ignored in. <ssl.SSLSocket")

EVENT = Event("peak", datetime(2026, 1, 13, 6, 0, tzinfo=UTC), "begins", Text("Début", "Begin"))


class Certificates(NamedTuple):
    good: Certificate
    expired: Certificate
    future: Certificate
    #: Of a machine named ailleurs.example.
    other: Certificate


@pytest.fixture(scope="module")
def certificates(tmp_path_factory) -> Certificates:
    folder = tmp_path_factory.mktemp("certificates")
    return Certificates(
        certificate(folder / "good"),
        certificate(folder / "expired", from_to=("20240101", "20240201")),
        certificate(folder / "future", from_to=("20960101", "20970101")),
        certificate(folder / "other", "DNS:ailleurs.example"),
    )


@contextmanager
def mqtt(folder, shown: Certificate):
    lines = ("allow_anonymous true", f"certfile {shown.pem}", f"keyfile {shown.key}")
    with mosquitto(folder / "broker", *lines) as broker:
        yield lambda ca: sink(broker.port, folder, tls=True, ca=ca).write([row(1)])


@contextmanager
def influx(folder, shown: Certificate):
    with serving(lambda _: (204, b""), shown.context) as server:

        def write(ca) -> None:
            base = influxdb.InfluxDB(influxdb.Settings(name="base", url=server.url, ca=ca))
            try:
                base.write([row(1)])
            finally:
                base.close()

        yield write


@contextmanager
def hook(folder, shown: Certificate):
    with serving(lambda _: (200, b""), shown.context) as server:

        def send(ca) -> None:
            one = webhook.Webhook(webhook.Settings(name="hook", url=server.url, ca=ca))
            try:
                one.events([EVENT])
            finally:
                one.close()

        yield send


def refusal(send: Callable[[object], None], ca) -> Text:
    with pytest.raises(SinkUnavailable) as caught:
        send(ca)
    found = caught.value.text
    assert "127.0.0.1:" in found.fr
    assert "127.0.0.1:" in found.en
    return found


@pytest.mark.parametrize("server", [mqtt, influx, hook])
def test_a_certificate_that_is_known_is_taken_and_every_other_is_a_sentence(tmp_path, certificates, server):
    good, expired, future, other = certificates
    with server(tmp_path, good) as send:
        send(good.pem)
        for ca in (None, other.pem):
            stranger = refusal(send, ca)
            assert "n'est pas connu" in stranger.fr
            assert "by ca" in stranger.en
    for number, (shown, words, remedy) in enumerate(
        (
            (expired, "has expired", "renew it on the server; if it has not, set the clock"),
            (future, "is not valid yet", "set the clock of this box"),
            (other, "is not that of 127.0.0.1", "write the name that it has"),
        )
    ):
        (tmp_path / str(number)).mkdir()
        with server(tmp_path / str(number), shown) as send:
            found = refusal(send, shown.pem)
            assert words in found.en
            assert remedy in found.en


def test_a_server_without_tls_is_told_from_one_with_a_bad_certificate(tmp_path):
    with mosquitto(tmp_path / "broker") as broker:
        found = refusal(lambda ca: sink(broker.port, tmp_path, tls=True).write([row(1)]), None)
        assert "TLS" in found.en
        assert "tls = no" in found.en
        assert "TLS" in found.fr
    with serving(lambda _: (204, b"")) as server:
        url = server.url.replace("http:", "https:")
        base = influxdb.InfluxDB(influxdb.Settings(name="base", url=url))
        found = refusal(lambda ca: base.write([row(1)]), None)
        base.close()
        assert "TLS" in found.en
        assert "http://" in found.en


def test_a_broker_with_tls_closes_a_connection_without_it(tmp_path, certificates):
    good = certificates.good
    lines = ("allow_anonymous true", f"certfile {good.pem}", f"keyfile {good.key}")
    with mosquitto(tmp_path / "broker", *lines) as broker:
        box = sink(broker.port, tmp_path)
        for _ in range(6):
            # However often it closes: no other box has the same id.
            found = refusal(lambda ca: box.write([row(1)]), None)
            assert "set tls = yes" in found.en
