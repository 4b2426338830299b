"""Readings become records that can be cut at any midnight."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkymonitor.daily_log.files import records
from linkymonitor.daily_log.section import Settings as LogSettings
from linkymonitor.daily_log.writer import DailyLog
from linkymonitor.model.reading import Reading
from linkymonitor.model.record import Contract, Record
from linkymonitor.model.terms import Colour, Ejp, Mode
from linkymonitor.state.aggregate import Aggregator
from linkymonitor.system.clock import WireClock
from linkymonitor.system.storage import Storage
from tests.support.crash_model import CrashDisk

START = datetime(2026, 2, 20, 19, 10, tzinfo=UTC)
EJP = Contract(
    mode=Mode.HISTORIQUE,
    option="EJP",
    registers=("HN", "PM"),
    subscribed_power=9000,
    phases=1,
    meter="021861123456",
)


def reading(seconds: float = 0.0, since: datetime = START, **fields) -> Reading:
    fields = {
        "mode": Mode.HISTORIQUE,
        "contract": EJP,
        "tariff_period": "HN..",
        "apparent_power": 1000,
        "currents": (5,),
        "indexes": {"HN": 688322, "PM": 80072},
        **fields,
    }
    return Reading(taken_at=since + timedelta(seconds=seconds), **fields)


def records_of(readings, frames_per_record: int = 8) -> list[Record]:
    aggregator = Aggregator(frames_per_record)
    found = [record for one in readings for record in aggregator.add(one)]
    last = aggregator.close()
    return [*found, last] if last else found


def ends(records) -> list[float]:
    return [(record.ended_at - START).total_seconds() for record in records]


def test_a_record_closes_every_so_many_frames():
    records = records_of(reading(1.5 * n) for n in range(20))
    assert [record.frames for record in records] == [8, 8, 4]
    assert ends(records) == [10.5, 22.5, 28.5]


@pytest.mark.parametrize(
    "every", [pytest.param(60, id="a frame a minute"), pytest.param(100, id="less often")]
)
def test_a_record_lasts_four_minutes_at_most(every):
    """Frames may be few on a bad line, or in a simulated month: the pages call five minutes without a record a gap."""
    times = ends(records_of(reading(every * n) for n in range(60)))
    assert max(after - before for before, after in pairwise(times)) <= 240


def test_a_record_starts_where_the_one_before_it_ended():
    records = records_of(reading(1.5 * n) for n in range(20))
    assert records[0].started_at == START
    assert [record.started_at for record in records[1:]] == [record.ended_at for record in records[:-1]]


def test_powers_are_means_rounded_half_up_with_the_extremes_beside_them():
    powers = [1000, 1001, 1002, 1003]
    (record,) = records_of((reading(n, apparent_power=power) for n, power in enumerate(powers)), 4)
    assert (record.apparent_power, record.power_min, record.power_max) == (1002, 1000, 1003)


def test_the_current_of_three_phases_is_the_sum_of_their_means():
    currents = [(1, 2, 3), (2, 2, 4)]
    (record,) = records_of((reading(n, currents=one) for n, one in enumerate(currents)), 2)
    assert record.currents == (2, 2, 4)
    assert record.current == 8


def test_what_the_meter_does_not_say_is_not_said():
    (record,) = records_of([reading(apparent_power=None, currents=(), contract=None, tariff_period=None)])
    assert (record.apparent_power, record.power_min, record.current, record.injected_power) == (None,) * 4
    assert (record.currents, record.voltages, record.contract, record.tariff_period) == ((), (), None, None)


def test_a_mean_is_over_the_frames_that_said_a_value():
    powers = [1000, None, 2000]
    (record,) = records_of((reading(n, apparent_power=power) for n, power in enumerate(powers)), 3)
    assert (record.apparent_power, record.frames) == (1500, 3)


def test_indexes_are_the_last_ones_even_if_the_last_frame_lost_one():
    (record,) = records_of(
        [
            reading(0, indexes={"HN": 1, "PM": 5}, total_index=6, injected_index=9),
            reading(1, indexes={"HN": 2}),
        ],
        2,
    )
    assert record.indexes == {"HN": 2, "PM": 5}
    assert (record.total_index, record.injected_index) == (6, 9)


def test_colours_are_the_last_ones():
    (record,) = records_of(
        [
            reading(0, colour=Colour.BLUE, tomorrow=Colour.RED),
            reading(1, colour=Colour.BLUE, tomorrow=Colour.WHITE),
        ],
        2,
    )
    assert (record.colour, record.tomorrow) == (Colour.BLUE, Colour.WHITE)


def test_the_record_of_the_old_period_ends_with_its_last_frame():
    records = records_of(reading(1.5 * n, tariff_period="HN.." if n < 3 else "PM..") for n in range(5))
    assert [(record.tariff_period, record.frames) for record in records] == [("HN..", 3), ("PM..", 2)]
    assert ends(records) == [3.0, 6.0]


def test_a_period_that_a_frame_does_not_say_is_no_change():
    records = records_of(reading(n, tariff_period=None if n == 2 else "HN..") for n in range(5))
    assert [record.frames for record in records] == [5]
    assert records[0].tariff_period == "HN.."


def test_injection_ends_a_record_when_it_starts_and_when_it_ends():
    injected = [0, 0, 500, 600, None, 0]
    records = records_of(reading(n, injected_power=power) for n, power in enumerate(injected))
    assert [(record.frames, record.injected_power) for record in records] == [(2, 0), (3, 550), (1, 0)]


def test_a_house_that_injects_about_nothing_does_not_fill_the_card():
    """A day is about 2 MB; one record a frame would be 19 MB."""
    flicker = records_of(reading(1.5 * n, injected_power=n % 2) for n in range(2400))
    assert len(flicker) < 2400 / 8 + 20 + 60 + 2
    assert sum(record.frames for record in flicker) == 2400


@pytest.mark.parametrize("minute", [0, 30])
@pytest.mark.parametrize("count", range(1, 17))
def test_every_half_hour_ends_a_record_wherever_the_frames_fall(minute, count):
    boundary = START.replace(hour=20, minute=minute)
    first = boundary - timedelta(seconds=1.44 * count - 0.7)
    records = records_of(reading(1.44 * n, since=first, indexes={"HN": n}) for n in range(40))
    (at_boundary,) = [record for record in records if record.ended_at == boundary]
    assert at_boundary.indexes == {"HN": count - 1}, "the last frame before the half hour"
    assert sum(record.frames for record in records) == 40
    assert all(record.frames <= 8 for record in records)


def test_a_frame_at_the_very_half_hour_belongs_to_the_record_that_it_ends():
    boundary = START.replace(minute=30)
    aggregator = Aggregator()
    assert aggregator.add(reading(-1.0, since=boundary)) == []
    (record,) = aggregator.add(reading(0.0, since=boundary))
    assert (record.ended_at, record.frames) == (boundary, 2)


def test_a_silence_ends_a_record_at_its_last_frame():
    records = records_of([reading(0), reading(1.5), reading(300), reading(301.5)])
    assert ends(records) == [1.5, 301.5]
    assert records[1].started_at == records[1].ended_at - timedelta(seconds=1.5), "the silence is not covered"


def test_a_silence_over_the_half_hour_dates_nothing_at_the_half_hour():
    boundary = START.replace(minute=30)
    records = records_of([reading(-2, since=boundary), reading(7200, since=boundary)])
    assert records[0].ended_at == boundary - timedelta(seconds=2)


def test_a_record_kept_back_for_the_half_hour_is_let_go_after_a_silence():
    boundary = START.replace(minute=30)
    readings = [reading(n - 20, since=boundary) for n in range(8)]
    aggregator = Aggregator()
    assert [record for one in readings for record in aggregator.add(one)] == []
    (record,) = aggregator.add(reading(7201, since=boundary))
    assert record.ended_at == boundary - timedelta(seconds=13)


def test_a_clock_set_back_ends_a_record():
    records = records_of([reading(0), reading(1.5), reading(-3600), reading(-3598.5)])
    assert [record.frames for record in records] == [2, 2]
    assert all(record.started_at <= record.ended_at for record in records)


def test_short_frames_carry_no_power_and_do_not_count():
    aggregator = Aggregator()
    aggregator.add(reading(0, currents=(1, 1, 1)), rejected=1)
    found = [record for n in range(1, 20) for record in aggregator.add_overload(reading(n).taken_at, True, 1)]
    assert found == []
    record = aggregator.close()
    assert (record.frames, record.currents, record.overload) == (1, (1, 1, 1), True)


def test_the_state_of_the_peak_is_that_of_the_last_frame_that_could_say_it():
    said = [Ejp.NORMAL, Ejp.NOTICE, Ejp.UNKNOWN, Ejp.UNKNOWN, Ejp.UNKNOWN, Ejp.UNKNOWN]
    records = records_of((reading(n, ejp=ejp) for n, ejp in enumerate(said)), 3)
    assert [record.ejp for record in records] == [Ejp.NOTICE, Ejp.UNKNOWN]


def test_any_frame_above_the_subscription_makes_the_record_one_of_an_overload():
    above = [False, True, None, False, None, False]
    records = records_of((reading(n, overload=one) for n, one in enumerate(above)), 3)
    assert [record.overload for record in records] == [True, False]


@pytest.mark.parametrize("short", range(5))
def test_an_overload_that_only_a_short_frame_tells_is_in_the_record_around_it(short):
    """In an overload three phases send little else (NOI-CPT_02E §2.5.2)."""
    aggregator, records = Aggregator(2), []
    for n in range(5):
        if n == short:
            records += aggregator.add_overload(reading(n).taken_at, True)
        else:
            records += aggregator.add(reading(n))
    if (last := aggregator.close()) is not None:
        records.append(last)
    assert [record.overload for record in records].count(True) == (short < 4)


def test_refusals_are_counted_wherever_they_come_from():
    aggregator = Aggregator(frames_per_record=2)
    aggregator.miss(3)
    assert aggregator.add(reading(0), rejected=1) == []
    aggregator.miss(2)
    (record,) = aggregator.add(reading(1), rejected=4)
    assert record.rejected == 10


CHANGES = [
    pytest.param({"option": "BASE", "registers": ("TH",)}, id="option"),
    pytest.param({"subscribed_power": 6000}, id="subscribed power"),
    pytest.param({"meter": "021861999999"}, id="meter"),
    pytest.param({"mode": Mode.STANDARD}, id="mode"),
    pytest.param({"estimated_power": True}, id="estimated power"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_another_contract_ends_a_record(change):
    other = EJP._replace(**change)
    records = records_of([reading(0), reading(1), reading(2, contract=other)])
    assert [(record.contract, record.frames) for record in records] == [(EJP, 2), (other, 1)]


@pytest.mark.parametrize("lost", ["subscribed_power", "phases", "producer", "meter"])
def test_what_a_frame_does_not_say_of_the_contract_is_no_change(lost):
    whole = EJP._replace(producer=True)
    records = records_of(
        reading(n, contract=whole._replace(**{lost: None}) if n == 1 else whole) for n in range(3)
    )
    assert [(record.contract, record.frames) for record in records] == [(whole, 3)]


def test_registers_grow_without_ending_a_record():
    def supplier(*registers):
        return EJP._replace(mode=Mode.STANDARD, option="OFFRE", registers=registers)

    records = records_of(
        [
            reading(0, contract=supplier("F01", "F04"), indexes={"F01": 1, "F04": 4}),
            reading(1, contract=supplier("F01", "F02"), indexes={"F01": 1, "F02": 1}),
        ]
    )
    assert [record.contract for record in records] == [supplier("F01", "F02", "F04")]
    assert list(records[0].indexes) == ["F01", "F02", "F04"]


def test_nothing_heard_is_no_record():
    assert Aggregator().close() is None


def logged(readings, frames_per_record: int = 1) -> tuple[list[Record], str, list[float]]:
    """Let the log write the records of *readings*; return them as read back, the text, and how far each is ahead."""
    disk, clock = CrashDisk(), WireClock(START)
    log = DailyLog(Storage(disk), LogSettings(dir=Path("/log")), clock)
    aggregator = Aggregator(frames_per_record)
    ends: list[datetime] = []
    for one in readings:
        clock.advance((one.taken_at - clock.now()).total_seconds())
        for record in aggregator.add(one):
            ends.append(record.ended_at)
            log.append(record)
    log.close()
    found = list(records(Path("/log"), START, START + timedelta(days=1), storage=Storage(disk)))
    ahead = [(one.ended_at - end).total_seconds() for one, end in zip(found, ends, strict=True)]
    return found, "".join(map(bytes.decode, disk.content().values())), ahead


@pytest.mark.parametrize("every", [0.93, 0.5, 0.1, 1.0, 1.44])
def test_a_record_a_frame_is_never_dated_ahead_of_the_clock(every):
    """A frame of a standard meter lasts 0.93 s: ten minutes have 645 of them and 600 seconds."""
    count = int(600 / every)
    found, text, ahead = logged(reading(every * n, indexes={"HN": n, "PM": 1}) for n in range(count))
    assert max(ahead) <= 0.0
    assert "recule" not in text
    assert len(found) >= min(count, 600) - 1, "every second has its record"
    assert sum(one.frames for one in found) >= count - 10


def test_what_ends_records_early_dates_them_a_second_or_two_ahead_and_no_more():
    """Injection comes and goes, and the record after is late until its own second has come."""
    frames = (reading(0.93 * n, injected_power=(n // 3) % 2 * 500) for n in range(645))
    _, text, ahead = logged(frames)
    assert "recule" not in text
    assert max(ahead) < 2.0
    assert sum(one > 0.0 for one in ahead) < 60


def test_a_clock_set_back_keeps_no_record_open():
    readings = [reading(n) for n in range(5)] + [reading(n - 40) for n in range(5)]
    assert [record.frames for record in records_of(readings, 1)] == [1] * 10


@given(
    gaps=st.lists(st.sampled_from([0.5, 1.0, 1.44, 3.0, 59.0, 61.0, 900.0]), min_size=1, max_size=60),
    periods=st.lists(st.sampled_from(["HN..", "PM..", None]), min_size=60, max_size=60),
    injected=st.lists(st.sampled_from([0, 300, None]), min_size=60, max_size=60),
    frames=st.integers(1, 10),
)
def test_records_hold_every_frame_once_and_in_order(gaps, periods, injected, frames):
    at = START + timedelta(minutes=19, seconds=30)
    readings = []
    for gap, period, power in zip(gaps, periods, injected, strict=False):
        at += timedelta(seconds=gap)
        readings.append(reading(tariff_period=period, injected_power=power)._replace(taken_at=at))
    records = records_of(readings, frames)
    assert sum(record.frames for record in records) == len(readings)
    left, dated = iter(readings), None
    for record in records:
        assert record.started_at <= record.ended_at
        assert record.frames >= 1
        own = [next(left).taken_at for _ in range(record.frames)]
        # A full record takes a further frame only while the second of its last frame is that of a record before.
        assert all(dated is not None and at < dated + timedelta(seconds=1) for at in own[frames - 1 : -1])
        second = record.ended_at.replace(microsecond=0)
        dated = second if dated is None else max(second, dated + timedelta(seconds=1))
        start = record.started_at
        assert not start < start.replace(minute=30, second=0, microsecond=0) < record.ended_at, (
            "a half hour within"
        )
    for before, after in pairwise(records):
        assert before.ended_at < after.ended_at
        assert before.ended_at <= after.started_at


NOTHING = {"contract": None, "tariff_period": None, "apparent_power": None, "currents": (), "indexes": {}}


def test_a_meter_that_only_sends_its_address_makes_no_record():
    assert records_of(reading(0.2 * n, **NOTHING) for n in range(3000)) == []


def test_frames_without_a_value_cost_neither_the_records_around_them_nor_what_was_refused():
    aggregator = Aggregator(8)
    found = [record for n in range(8) for record in aggregator.add(reading(1.5 * n), 1)]
    found += [record for n in range(8, 20) for record in aggregator.add(reading(1.5 * n, **NOTHING), 1)]
    found += [record for n in range(20, 28) for record in aggregator.add(reading(1.5 * n), 1)]
    found.append(aggregator.close())
    assert [record.frames for record in found] == [8, 8, 4]
    assert sum(record.rejected for record in found) == 28
    assert found[1].started_at == found[0].ended_at


def test_a_record_ends_with_its_epoch_and_the_next_one_has_a_single_frame():
    """So each side is counted from its first index to its last."""
    indexes = [{"HN": 1000}, {"HN": 1001}, {"HN": 5}, {"HN": 6}, {"HN": 7}]
    found = records_of(reading(n, indexes=read) for n, read in enumerate(indexes))
    assert [(record.frames, record.indexes) for record in found] == [
        (2, {"HN": 1001}),
        (1, {"HN": 5}),
        (2, {"HN": 7}),
    ]


def test_the_leap_of_a_register_that_a_frame_has_lost_ends_a_record_too():
    indexes = [{"HN": 1000, "PM": 50}, {"HN": 1001}, {"HN": 1002, "PM": 40}, {"HN": 1003, "PM": 40}]
    found = records_of(reading(n, indexes=read) for n, read in enumerate(indexes))
    assert [record.frames for record in found] == [2, 1, 1]
