"""The past of a simulated house: the same as if its frames had been logged."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from linkymonitor.model.record import Record
from linkymonitor.simulator.house import House
from linkymonitor.simulator.options import ExtraLoad, parse_spec
from linkymonitor.simulator.past import Silence, records
from linkymonitor.state.aggregate import Aggregator
from linkymonitor.tic.decoder import FrameDecoder
from linkymonitor.tic.interpret import interpret
from tests.simulator.houses import HOUR, MINUTE


def at(hour: float, day: int = 13) -> datetime:
    return datetime(2026, 1, day, tzinfo=UTC) + hour * HOUR


def heard(spec: str, begin: datetime, end: datetime) -> list[Record]:
    """The records of a box that reads the meter frame by frame."""
    options = parse_spec(spec)
    house, decoder, aggregator = House(options), FrameDecoder(options.mode), Aggregator()
    house.skip_to(begin)
    found = []
    for frame_at, wire in house.frames(end + MINUTE):
        for frame in decoder.feed(bytes(byte & 0x7F for byte in wire)):
            found += aggregator.add(interpret(frame, options.mode, frame_at))
    return [record for record in found if record.ended_at <= end]


def mean(found: list[Record], name: str) -> float:
    seconds = [(record.ended_at - record.started_at).total_seconds() for record in found]
    return sum(getattr(record, name) * lasted for record, lasted in zip(found, seconds, strict=True)) / sum(
        seconds
    )


@pytest.mark.parametrize(
    ("spec", "begin", "end"),
    [
        pytest.param("ejp,pv,seed=7,ejp=2026-01-13", 5.5, 6.5, id="EJP, when its peak begins"),
        pytest.param("ejp,pv,seed=7,ejp=2026-01-13", 11.5, 12.5, id="EJP, while panels inject"),
        pytest.param("standard,tempo,tri,producer,seed=3", 4.5, 5.5, id="Tempo, when its day begins"),
        pytest.param("standard,hc,pv,seed=3", 11.5, 12, id="standard mode, panels without a contract"),
        pytest.param("hc,tri,seed=3", 20.5, 21.5, id="three phases in historique mode"),
        pytest.param("base,old,seed=3", 11.5, 12, id="an old meter, which has no power"),
    ],
)
def test_the_past_is_what_a_box_would_have_logged(spec, begin, end):
    """The same indexes at the half hours, the same periods, and about the same means."""
    ours = list(records(House(parse_spec(spec)), at(begin), at(end)))
    live = heard(spec, at(begin), at(end))
    assert ours[-1].ended_at == live[-1].ended_at == at(end)
    ends = {record.ended_at: record for record in live}
    halves = [record for record in ours if record.ended_at.minute % 30 == 0 and record.ended_at.second == 0]
    assert len(halves) == (end - begin) * 2
    for record in halves:
        other = ends[record.ended_at]
        assert record.contract == other.contract
        assert (record.tariff_period, record.ejp, record.colour, record.tomorrow) == (
            other.tariff_period,
            other.ejp,
            other.colour,
            other.tomorrow,
        )
        for code, wh in other.indexes.items():
            assert wh <= record.indexes[code] <= wh + 3
        assert (record.total_index is None) is (other.total_index is None)
        assert (record.injected_index is None) is (other.injected_index is None)
        assert [value is None for value in record.voltages] == [value is None for value in other.voltages]
        assert len(record.currents) == len(other.currents)
        assert record.overload == other.overload
    for name in ("apparent_power", "injected_power", "current"):
        if getattr(live[0], name) is None:
            assert all(getattr(record, name) is None for record in ours)
        else:
            assert mean(ours, name) == pytest.approx(mean(live, name), rel=0.05, abs=25)
    assert sum(record.frames for record in ours) == pytest.approx(
        sum(record.frames for record in live), rel=0.1
    )


def test_no_record_holds_two_periods_two_directions_or_more_than_a_minute():
    house = House(parse_spec("ejp,pv,seed=7,ejp=2026-01-13"))
    found = list(records(house, at(-1), at(23)))
    assert {record.tariff_period for record in found} == {"HN..", "PM.."}
    assert max(record.ended_at - record.started_at for record in found) == MINUTE
    assert all(not record.power_min or not record.injected_power for record in found)
    assert [before.ended_at for before in found[:-1]] == [after.started_at for after in found[1:]]
    peak = next(record for record in found if record.tariff_period == "PM..")
    assert peak.started_at == at(6)


def test_a_silence_has_no_records_and_its_energy_is_in_the_next_index():
    house = House(parse_spec("hc,seed=7"))
    silence = Silence(at(10), at(12))
    found = list(records(house, at(9), at(13), [silence]))
    assert all(record.ended_at <= silence.begin or record.started_at >= silence.end for record in found)
    before = max(record.indexes["HP"] for record in found if record.ended_at == silence.begin)
    after = min(record.indexes["HP"] for record in found if record.started_at == silence.end)
    assert after - before > 200


def test_a_past_that_is_made_in_parts_is_the_same_past():
    spec, parts = "ejp,pv,seed=7", (at(9), at(9.51), at(14), at(30))
    whole = list(records(House(parse_spec(spec)), parts[0], parts[-1]))
    house, found = House(parse_spec(spec)), []
    for begin, end in pairwise(parts):
        found += records(house, begin, end)
    assert [record.indexes for record in found if record.ended_at.second == 0] == [
        record.indexes for record in whole if record.ended_at.second == 0
    ]


def test_a_house_is_one_house_whatever_day_it_is_looked_at():
    """Its indexes count from one origin, so that a second run goes on from the first."""
    first = House(parse_spec("hc,seed=7,day=2026-01-10,since=2026-01-10"))
    later = House(parse_spec("hc,seed=7,day=2026-01-13,since=2026-01-10"))
    assert first.truth(at(12)) == later.truth(at(12))


def test_what_is_switched_on_changes_nothing_before_it():
    house = House(parse_spec("hc,seed=7"))
    before, after = house.truth(at(12)), house.truth(at(12.1))
    house.switch_on(ExtraLoad(at(12), timedelta(seconds=15), 2000))
    assert house.truth(at(12) - timedelta(seconds=1)).indexes == before.indexes
    assert house.truth(at(12)).apparent_power > before.apparent_power + 1900
    assert sum(house.truth(at(12.1)).indexes.values()) == pytest.approx(
        sum(after.indexes.values()) + 8, abs=1
    )
    assert house.truth(at(40)).total_index > after.total_index
