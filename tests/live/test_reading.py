"""latest.json is read back as the reading that was written."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from linkymonitor.live.latest import Latest
from linkymonitor.live.reading import Watcher
from linkymonitor.meter.meter import Meter
from linkymonitor.model.reading import TariffState, View
from linkymonitor.simulator.options import parse_spec
from linkymonitor.simulator.wire import SimSource
from linkymonitor.system.clock import WireClock
from linkymonitor.system.storage import Storage

#: What a reading of latest.json cannot have: the clock of the meter, and the groups as sent.
LEFT_OUT = {"taken_at", "meter_clock", "meter_clock_degraded", "values", "raw", "short", "contract", "meter"}


def readings(spec: str, count: int):
    """Return some readings of a simulated meter."""
    options = parse_spec(spec)
    clock = WireClock(options.start)
    meter = Meter(SimSource(options, clock, None), clock, None, None)
    found = []
    while len(found) < count:
        found += [heard.reading for heard in meter.frames(1.0) if heard.reading is not None]
    return found


def test_the_groups_as_sent_are_read_back_with_the_number_masked(tmp_path):
    latest, watcher = Latest(Storage(), tmp_path), Watcher(tmp_path, lambda: 1000.0)
    reading = readings("standard,ejp,day=2026-01-13", 3)[-1]
    raw = {"ADSC": (None, "021662123456"), "DATE": ("H260113194210", ""), "MSG1": (None, 'a "\\ b')}
    latest.write(View(reading=reading._replace(raw=raw), now=998.0))
    newest = watcher.read()
    assert newest is not None
    assert newest.raw == {**raw, "ADSC": (None, "*********456")}
    latest.write(View(reading=reading, now=999.0))
    newest = watcher.read()
    assert newest is not None
    assert newest.raw == {}


@pytest.mark.parametrize(
    "spec",
    [
        "historique,base,day=2026-01-13",
        "historique,ejp,day=2026-01-13,at=06:45,ejp=2026-01-13",
        "historique,tempo,tri,day=2026-01-13",
        "standard,hc,day=2026-01-13,producer,pv,at=12:00",
        "standard,tempo,tri,day=2026-01-13",
    ],
)
def test_the_values_of_a_frame_have_the_same_meaning_when_they_are_read_back(tmp_path, spec):
    latest, watcher = Latest(Storage(), tmp_path), Watcher(tmp_path, lambda: 1000.0)
    assert watcher.read() is None
    for reading in readings(spec, 30):
        period = reading.tariff_period
        latest.write(View(reading=reading, tariff=TariffState(ejp=reading.ejp), now=998.0))
        assert watcher.changed()
        assert not watcher.changed()
        newest = watcher.read()
        assert newest is not None
        wanted = {name: value for name, value in reading._asdict().items() if name not in LEFT_OUT}
        found = {name: value for name, value in newest.reading._asdict().items() if name not in LEFT_OUT}
        assert found == wanted
        assert (newest.period, newest.ejp) == (period or "", reading.ejp.value)
        assert newest.age(1000.0) == 2.0
        assert newest.taken_at == reading.taken_at


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"schema": 2}',
        b'{"schema": 1}',
        b'{"schema":1,"taken_at":null,"heard":1,"mode":"fast","period":null,"ejp":"normal","values":{}}',
        b'{"schema":1,"taken_at":null,"heard":99999,"mode":"standard","period":null,"ejp":"normal","values":{}}',
        b"\xff\xfe",
    ],
)
def test_what_is_no_latest_json_is_no_reading(tmp_path, content):
    (tmp_path / "latest.json").write_bytes(content)
    assert Watcher(tmp_path, lambda: 1000.0).read() is None


def test_values_of_another_form_are_left_out(tmp_path):
    document = {
        "schema": 1,
        "taken_at": None,
        "heard": 1.0,
        "mode": "standard",
        "period": None,
        "ejp": "unknown",
        "values": {
            "STGE": {"overload": 3},
            "SINSTS": "many",
            "DATE": 5,
            "URMS1": 230,
            "DEMAIN": "PINK",
            "NGTF": [],
        },
    }
    (tmp_path / "latest.json").write_text(json.dumps(document))
    newest = Watcher(tmp_path, lambda: 1000.0).read()
    assert newest is not None
    assert newest.taken_at is None
    assert newest.reading.apparent_power is None
    assert newest.reading.voltages == (230,)
    assert newest.age(1000.0) == timedelta(seconds=999).total_seconds()
