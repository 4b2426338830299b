"""Live values and events that `deliver` hands to a sink, as a real process."""

from __future__ import annotations

import signal
import time
from datetime import UTC, date, datetime, timedelta

import pytest

from linkymonitor.model.reading import Reading, TariffState, View
from linkymonitor.model.terms import TRUSTED_FOR, Ejp, Mode
from linkymonitor.summaries.day import DaySummary, LogSpan
from linkymonitor.summaries.store import Store
from linkymonitor.system.storage import Storage
from tests.support.commands import until
from tests.support.delivering import SINK


def view(power: int, ejp: Ejp = Ejp.NORMAL, **values) -> View:
    now = datetime.now(UTC)
    reading = Reading(
        taken_at=now,
        mode=Mode.HISTORIQUE,
        tariff_period="HN..",
        values={"ADCO": "021861123456", "PAPP": power, "IINST": 1, "PTEC": "HN..", **values},
    )
    return View(reading=reading, tariff=TariffState(ejp=ejp), now=time.monotonic())


def test_live_values_and_events_of_latest_json_reach_the_sink(house):
    house.box.write(range(1))
    with house.daemon() as process:
        until(house.has_begun)
        house.latest.write(view(230))
        until(lambda: [power for power, *_ in house.kept("live")] == [230])
        (_, age, taken_at) = house.kept("live")[0]
        assert 0 <= age < TRUSTED_FOR
        assert abs(datetime.fromisoformat(taken_at) - datetime.now(UTC)) < timedelta(seconds=30)
        house.latest.write(view(460, Ejp.NOTICE))
        until(lambda: house.kept("event") == [["notice", "begins", None]])
        house.latest.write(view(9900, Ejp.PEAK, ADPS=47))
        until(lambda: len(house.kept("event")) == 4)
        assert house.kept("event")[1:] == [
            ["notice", "ends", None],
            ["peak", "begins", None],
            ["overload", "begins", None],
        ]
        process.send_signal(signal.SIGTERM)
        assert process.wait(100) == 0
    house.latest.write(view(230))
    with house.daemon():
        until(lambda: len(house.kept("event")) >= 6)
    ended = house.kept("event")[4:6]
    assert [event[:2] for event in ended] == [["peak", "ends"], ["overload", "ends"]]
    assert all(since is not None for _, _, since in ended)


def test_silence_is_an_event(house):
    house.box.write(range(1))
    house.latest.write(view(230)._replace(now=time.monotonic() - 13))
    with house.daemon():
        until(lambda: house.kept("event") == [["silence", "begins", None]])


@pytest.mark.parametrize(
    ("prices", "figures"),
    [
        # 24 kWh at 0.2 € are 4.80 €; a day of January bears 1 € of 31 € a month.
        ("hn = 0.2\nsubscription_month = 31\n", ["4.80", "5.80"]),
        ("hn = 0.2\n", ["4.80", None]),
        ("pm = 0.2\nsubscription_month = 31\n", [None, None]),
    ],
)
def test_the_event_of_a_day_has_its_cost_by_the_prices_that_are_set(house, prices, figures):
    own = house.folder / "own/mine.py"
    own.write_text(
        SINK.replace(
            "e.since.isoformat() if e.since else None", "[e.figures['energy_eur'], e.figures['eur']]"
        )
    )
    house.configure(house.sections + f"[tariff]\n{prices}")
    house.box.write(range(3))
    house.deliver("--once")
    day = date(2026, 1, 10)
    midnight = round(datetime(2026, 1, 9, 23, tzinfo=UTC).timestamp())
    Store(house.folder / "log", "Europe/Paris", Storage()).write(
        [
            DaySummary(
                day,
                "Europe/Paris",
                midnight,
                midnight + 86400,
                midnight + 86400,
                half_hours={"HN": (500,) * 48},
                records=7000,
                log=LogSpan(day, day),
            )
        ]
    )
    with house.daemon():
        until(lambda: ["day", "2026-01-10", figures] in house.kept("event"))
