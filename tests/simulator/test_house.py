"""The meter of the simulated house: it is repeatable, and its lines follow the specification."""

from __future__ import annotations

import itertools
from datetime import date

import pytest

from linkymonitor.model.terms import Mode
from linkymonitor.simulator.house import House
from linkymonitor.simulator.options import DEFAULT_DAY, Options, parse_spec
from linkymonitor.tic import parity
from linkymonitor.tic.decoder import FrameDecoder
from linkymonitor.tic.encoder import write_frame
from linkymonitor.tic.frame import FRAME_GAP
from linkymonitor.tic.interpret import interpret
from tests.simulator.houses import DAY, HOUR, MINUTE, bad_lines, house, sent, wire
from tests.support.truth import local

EVERY_METER = [
    ",".join(words)
    for words in (
        *itertools.product(
            ("historique", "standard"), ("base", "hc", "ejp", "tempo"), ("mono", "tri"), ("pv", "producer")
        ),
        *itertools.product(("old",), ("base", "tempo"), ("mono", "tri")),
    )
]


@pytest.mark.parametrize("spec", ["tempo,noise=0.05", "standard,tri,producer,noise=0.05", "tri,overload"])
def test_the_same_options_make_the_same_bytes(spec):
    assert wire(spec, 150) == wire(spec, 150)


def test_another_seed_makes_another_house():
    assert wire("hc,seed=1", 20) != wire("hc,seed=2", 20)


def test_without_a_day_it_is_always_the_same_one():
    assert House(Options()).now == local(DEFAULT_DAY)


def test_a_skip_changes_nothing_of_what_comes_after():
    """Energy is counted whether or not frames are read."""
    patient, hurried = house("hc,pv"), house("hc,pv")
    later = patient.now + 9 * DAY + 7 * HOUR
    for day in range(9):
        patient.truth(patient.now + day * DAY)
    hurried.skip_to(later)
    at, frame = next(hurried.frames())
    assert at == later
    assert frame == write_frame(patient.frame_at(later), Mode.HISTORIQUE, parity=True)
    assert hurried.truth(later) == patient.truth(later)


def test_a_day_that_is_over_can_be_asked_about_again():
    simulated = house("tempo")
    first = simulated.truth(simulated.now + HOUR)
    simulated.truth(simulated.now + 10 * DAY)
    assert simulated.truth(simulated.now + HOUR) == first


def test_nothing_is_known_from_before_the_eve_of_the_first_day():
    simulated = house("day=2026-01-13")
    simulated.truth(local(date(2026, 1, 12)))
    with pytest.raises(ValueError, match="begins on 2026-01-12"):
        simulated.truth(local(date(2026, 1, 11), "23:59"))


@pytest.mark.parametrize(
    ("spec", "size"),
    [
        pytest.param("historique,base", 152, id="historique mono BASE"),
        pytest.param("historique,hc", 170, id="historique mono HC"),
        pytest.param("historique,ejp,peak=no,at=12:00", 173, id="historique mono EJP"),
        pytest.param("historique,ejp,peak,at=06:45", 184, id="historique mono EJP, notice"),
        pytest.param("historique,tempo", 275, id="historique mono Tempo"),
        pytest.param("historique,tri", 233, id="historique tri BASE"),
        pytest.param("historique,tempo,tri", 356, id="historique tri Tempo"),
        pytest.param("historique,old,tri", 222, id="historique tri BASE, old meter"),
        pytest.param("standard", 865, id="standard mono"),
        pytest.param("standard,tri", 1214, id="standard tri"),
        pytest.param("standard,producer", 1093, id="standard mono producer"),
        pytest.param("standard,tri,producer", 1442, id="standard tri producer"),
        pytest.param("standard,tri,producer,tempo,colour=red,at=05:00", 1602, id="the longest"),
    ],
)
def test_frames_are_as_long_as_those_of_real_meters(spec, size):
    assert len(wire(spec, 1)) == size


@pytest.mark.parametrize("spec", EVERY_METER)
def test_every_meter_is_understood_to_the_last_group_and_says_the_truth(spec):
    """Two implementations of the checksum, then the whole path up to the reading."""
    simulated = house(f"{spec},day=2026-05-13,at=13:00,seed=3")
    mode = simulated.options.mode
    decoder = FrameDecoder(mode)
    for at, raw in itertools.islice(simulated.frames(), 100):
        assert bad_lines(raw, mode) == []
        assert raw == write_frame(simulated.frame_at(at), mode, parity=True)
        (frame,) = decoder.feed(raw)
        assert frame.complete
        assert frame.rejected == ()
        reading, truth = interpret(frame, mode, at), simulated.truth(at)
        assert reading.indexes == truth.indexes
        assert reading.tariff_period == truth.period
        assert reading.ejp is truth.ejp
        assert (reading.colour, reading.tomorrow) == (truth.colour, truth.tomorrow)
        assert reading.currents == truth.currents
        assert reading.overload is truth.overload
        if mode is Mode.STANDARD:
            assert reading.apparent_power == truth.apparent_power
            assert reading.voltages == truth.voltages
            assert reading.total_index == truth.total_index
        elif not reading.apparent_power_estimated:
            assert reading.apparent_power == round(truth.apparent_power, -1)
        if simulated.options.producer and mode is Mode.STANDARD:
            assert reading.injected_power == truth.injected_power
            assert reading.injected_index == truth.injected_index
        assert reading.contract is not None
        assert reading.contract.option == simulated.options.contract
        assert reading.contract.phases == simulated.options.phases
        assert reading.contract.subscribed_power == 1000 * simulated.options.subscribed
    assert decoder.parity


@pytest.mark.parametrize("mode", list(Mode))
def test_frames_follow_one_another_at_the_speed_of_the_line(mode):
    frames = sent(mode.value, 10)
    for (at, frame), (next_at, _) in itertools.pairwise(frames):
        expected = len(frame) * 10 / mode.speed + FRAME_GAP
        assert (next_at - at).total_seconds() == pytest.approx(expected, abs=1e-5)


def test_every_lets_months_go_by_in_few_frames():
    simulated = house("standard,every=15m")
    frames = list(simulated.frames(simulated.now + DAY))
    assert [at - frames[0][0] for at, _ in frames] == [n * 15 * MINUTE for n in range(96)]


def test_the_stream_ends_where_the_options_say():
    simulated = house("duration=60s")
    assert list(simulated.frames())[-1][0] < parse_spec("").start + MINUTE <= simulated.now


def test_parity_is_on_the_line_unless_it_is_not_wanted():
    with_parity, without = wire("standard", 3), wire("standard,parity=no", 3)
    assert parity.odd(with_parity) == 0
    assert parity.strip(with_parity) == without
    assert max(without) < 0x80
