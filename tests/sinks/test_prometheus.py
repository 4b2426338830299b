"""The file of the text-file collector: its names, its values, and what is left when the meter is silent."""

from __future__ import annotations

import http.client
import json
import shutil
import subprocess
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest

from linkymonitor.errors import BadSetting, SinkUnavailable
from linkymonitor.language import Text
from linkymonitor.model.terms import TRUSTED_FOR, Mode
from linkymonitor.sinks.base import Event, House
from linkymonitor.sinks.prometheus import PrometheusFile, Settings, page
from tests.support.commands import until
from tests.support.databases import Database
from tests.support.mqtt_box import NOW, live, reading_of, row

#: The text of EJP of tests/support/mqtt_box.py.
EJP = """\
# HELP linkymonitor_up Le compteur est entendu : 1, sinon 0
# TYPE linkymonitor_up gauge
linkymonitor_up 1
# HELP linkymonitor_reading_timestamp_seconds Heure de la dernière trame
# TYPE linkymonitor_reading_timestamp_seconds gauge
linkymonitor_reading_timestamp_seconds 1768329730.0
# HELP linkymonitor_power_voltamperes Puissance apparente soutirée
# TYPE linkymonitor_power_voltamperes gauge
linkymonitor_power_voltamperes 700
# HELP linkymonitor_injected_power_voltamperes Puissance apparente injectée
# TYPE linkymonitor_injected_power_voltamperes gauge
linkymonitor_injected_power_voltamperes 0
# HELP linkymonitor_subscribed_power_voltamperes Puissance souscrite
# TYPE linkymonitor_subscribed_power_voltamperes gauge
linkymonitor_subscribed_power_voltamperes 9000
# HELP linkymonitor_current_amperes Intensité
# TYPE linkymonitor_current_amperes gauge
linkymonitor_current_amperes{phase="1"} 3
# HELP linkymonitor_register_joules_total Énergie soutirée, par index ; 3600 J font 1 Wh
# TYPE linkymonitor_register_joules_total counter
linkymonitor_register_joules_total{register="HN"} 3600000
linkymonitor_register_joules_total{register="PM"} 1800000
# HELP linkymonitor_tariff_info Contrat et période en cours
# TYPE linkymonitor_tariff_info gauge
linkymonitor_tariff_info{contract="EJP",period="HN"} 1
# HELP linkymonitor_ejp État de l'EJP
# TYPE linkymonitor_ejp gauge
linkymonitor_ejp{state="normal"} 1
linkymonitor_ejp{state="notice"} 0
linkymonitor_ejp{state="peak"} 0
# HELP linkymonitor_overload Puissance souscrite dépassée : 1, sinon 0
# TYPE linkymonitor_overload gauge
linkymonitor_overload 0
# HELP linkymonitor_relay_on Relais alimenté : 1
# TYPE linkymonitor_relay_on gauge
linkymonitor_relay_on{relay="eau \\"chaude\\""} 1
"""
SILENCE = Event("silence", NOW, "begins", Text("Plus de trame", "No more frames"), "WARN")
#: A house with three phases that injects.
PRODUCER = {
    "ADSC": "*********901",
    "NGTF": "TEMPO",
    "EAST": 3_000_000_000,
    "EASF01": 1_500_000_000,
    "EASF02": 1_500_000_000,
    "EAIT": 12,
    "IRMS1": 1,
    "IRMS2": 2,
    "IRMS3": 3,
    "URMS1": 231,
    "URMS2": 232,
    "URMS3": 233,
    "SINSTS": 0,
    "SINSTI": 450,
    "PREF": 9,
}


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "linky.prom"


def sink(path: Path, lang: str = "fr") -> PrometheusFile:
    settings = Settings(name="node", path=path)
    settings.house = House(lang)
    return PrometheusFile(settings)


def values(path: Path) -> dict[str, float]:
    """Return the name and labels of each sample → its value."""
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_a_reading_becomes_one_file_that_every_user_may_read(path):
    sink(path).live(live()._replace(relays={'eau "chaude"': True}))
    assert path.read_text() == EJP
    assert path.stat().st_mode & 0o777 == 0o644
    assert [one.name for one in path.parent.iterdir()] == ["linky.prom"]


def test_phases_and_injection_have_samples_of_their_own(path):
    sink(path).live(reading_of(PRODUCER, Mode.STANDARD))
    found = values(path)
    assert {name: found[name] for name in found if "phase" in name} == {
        **{f'linkymonitor_current_amperes{{phase="{phase}"}}': phase for phase in (1, 2, 3)},
        **{f'linkymonitor_voltage_volts{{phase="{phase}"}}': 230 + phase for phase in (1, 2, 3)},
    }
    assert found["linkymonitor_injected_power_voltamperes"] == 450
    assert found["linkymonitor_injected_joules_total"] == 43_200
    assert found["linkymonitor_drawn_joules_total"] == 10_800_000_000_000


@pytest.mark.parametrize("silence", ["an old reading", "an event"])
def test_a_silent_meter_leaves_no_values_and_the_time_of_its_last_frame(path, silence):
    made = sink(path)
    made.live(live())
    if silence == "an event":
        made.events([SILENCE])
    else:
        made.live(live(age=TRUSTED_FOR + 1))
    assert values(path) == {
        "linkymonitor_up": 0,
        "linkymonitor_reading_timestamp_seconds": datetime(2026, 1, 13, 18, 42, 10, tzinfo=UTC).timestamp(),
    }
    made.live(live())
    assert values(path)["linkymonitor_up"] == 1


def test_a_clock_that_is_not_vouched_for_dates_nothing(path):
    sink(path).live(live()._replace(taken_at=None))
    assert "linkymonitor_reading_timestamp_seconds" not in values(path)
    assert values(path)["linkymonitor_power_voltamperes"] == 700


def test_the_file_goes_when_deliver_stops_and_stays_when_a_trial_ends(path):
    made = sink(path)
    made.live(live())
    trial = sink(path)
    trial.write([row(1)])
    trial.test()
    trial.close()
    assert values(path)["linkymonitor_power_voltamperes"] == 700
    made.close()
    assert not path.exists()


def test_a_folder_that_cannot_be_written_makes_the_sink_unavailable(path):
    with pytest.raises(SinkUnavailable, match="nowhere"):
        sink(path.parent / "nowhere" / "linky.prom").live(live())
    with pytest.raises(SinkUnavailable, match="nowhere"):
        sink(path.parent / "nowhere" / "linky.prom").test()
    with pytest.raises(BadSetting, match=r"\.prom"):
        Settings(path=path.with_suffix(".txt"))


def tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed: sudo apt-get install prometheus")
    return found


@pytest.mark.server
@pytest.mark.parametrize("lang", ["fr", "en"])
def test_promtool_finds_nothing_to_say(path, lang):
    hostile = {'a"b\\c\nd{}=, é☃': True}
    for reading in (live(), reading_of(PRODUCER, Mode.STANDARD), live(age=99)):
        sink(path, lang).live(reading._replace(relays=hostile))
        done = subprocess.run(
            [tool("promtool"), "check", "metrics"], input=path.read_bytes(), capture_output=True, timeout=60
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert page((), "fr") == b""


class Exporter(Database):
    """The node_exporter with its text-file collector alone."""

    program, package, ready = "prometheus-node-exporter", "prometheus-node-exporter", "/metrics"

    def arguments(self) -> list[str]:
        return [
            "--collector.disable-defaults",
            "--collector.textfile",
            f"--collector.textfile.directory={self.folder}",
            f"--web.listen-address=127.0.0.1:{self.port}",
        ]


class Server(Database):
    """A Prometheus that scrapes one exporter five times a second."""

    program, package, ready = "prometheus", "prometheus", "/-/healthy"
    exporter = 0

    def arguments(self) -> list[str]:
        config = self.folder / "prometheus.yml"
        config.write_text(
            "global: {scrape_interval: 200ms}\nscrape_configs:\n- job_name: linky\n  static_configs:\n"
            f"  - targets: ['127.0.0.1:{self.exporter}']\n"
        )
        return [
            f"--config.file={config}",
            f"--storage.tsdb.path={self.folder}/data",
            f"--web.listen-address=127.0.0.1:{self.port}",
        ]

    def start(self) -> None:
        super().start()
        until(self._is_ready)

    def _is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", "/-/ready")
            return connection.getresponse().status == 200
        finally:
            connection.close()

    def ask(self, query: str) -> dict[str, float]:
        """Return register → value of what answers *query*."""
        answer = json.loads(self.get(f"/api/v1/query?query={quote(query)}"))
        return {one["metric"].get("register", ""): float(one["value"][1]) for one in answer["data"]["result"]}


@contextmanager
def running(server: Database):
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.mark.server
def test_prometheus_scrapes_what_the_meter_sends_and_ends_the_series_of_a_silent_one(tmp_path):
    exporter, server = Exporter(tmp_path / "collector"), Server(tmp_path / "prometheus")
    server.exporter = exporter.port
    made = sink(exporter.folder / "linky.prom")
    made.live(live(EJPHN=5_000_000))
    with running(exporter), running(server):
        assert b"\nnode_textfile_scrape_error 0\n" in exporter.get("/metrics")
        kwh = "linkymonitor_register_joules_total / 3.6e6"
        until(lambda: server.ask(kwh))
        assert server.ask(kwh) == {"HN": 5000, "PM": 0.5}
        assert server.ask("linkymonitor_up") == {"": 1}
        made.events([SILENCE])
        until(lambda: server.ask("linkymonitor_up") == {"": 0})
        assert server.ask(kwh) == {}
        made.close()
        until(lambda: server.ask("linkymonitor_up") == {})
