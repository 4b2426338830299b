"""The truth in the simulated house: energy, sun and overload."""

from __future__ import annotations

import itertools
import re
from datetime import UTC, date, datetime, timedelta

import pytest

from linkymonitor.model.terms import Mode
from linkymonitor.simulator.options import DEFAULT_DAY
from linkymonitor.tic import parity
from linkymonitor.tic.decoder import FrameDecoder
from tests.simulator.houses import DAY, HOUR, MINUTE, bad_lines, data, house
from tests.support.truth import PARIS, energy, local


@pytest.mark.parametrize(
    "spec", ["base", "hc", "ejp,peak", "tempo,tri", "standard,hc,tri,producer,day=2026-06-13"]
)
def test_the_indexes_are_what_the_powers_add_up_to(spec):
    simulated = house(spec)
    start, end = simulated.now, simulated.now + DAY
    drawn = injected = 0
    for seconds in range(0, 86400, 5):
        truth = simulated.truth(start + timedelta(seconds=seconds))
        drawn += max(0, truth.active_power) * 5
        injected += max(0, -truth.active_power) * 5
    before, after = simulated.truth(start), simulated.truth(end)
    assert after.total_index - before.total_index == pytest.approx(drawn / 3600, abs=1)
    assert after.injected_index - before.injected_index == pytest.approx(injected / 3600, abs=1)
    assert sum(energy(simulated, start, end).values()) == after.total_index - before.total_index
    assert 4000 < drawn / 3600 < 40000  # Wh that a household draws in a day


@pytest.mark.parametrize("spec", ["hc", "standard,ejp,peak,tri", "tempo"])
def test_registers_only_grow_and_always_add_up_to_the_total(spec):
    simulated = house(spec)
    last = simulated.truth(simulated.now)
    for minutes in range(0, 3 * 1440, 7):
        truth = simulated.truth(simulated.now + minutes * MINUTE)
        assert sum(truth.indexes.values()) == truth.total_index
        moved = {code for code, wh in truth.indexes.items() if wh != last.indexes[code]}
        assert all(truth.indexes[code] >= last.indexes[code] for code in moved)
        last = truth


@pytest.mark.parametrize("spec", ["standard", "standard,pv,day=2026-06-13"])
def test_power_is_voltage_times_current(spec):
    simulated = house(spec)
    for minutes in range(0, 1440, 3):
        truth = simulated.truth(simulated.now + minutes * MINUTE)
        power = truth.apparent_power or truth.injected_power
        assert power == pytest.approx(truth.currents[0] * truth.voltages[0], abs=0.5 * truth.voltages[0] + 60)
        assert power >= abs(truth.active_power) - 1
        assert 225 < truth.voltages[0] < 245


def test_the_water_heater_waits_for_cheap_hours():
    simulated = house("hc")
    used = energy(simulated, simulated.now, simulated.now + DAY)
    at_night = simulated.truth(local(DEFAULT_DAY, "22:30")).active_power
    assert at_night > 2300
    assert used["HC"] > 0.25 * sum(used.values())


def test_the_maxima_and_means_of_a_standard_meter_are_those_of_its_day():
    simulated = house("standard,day=2026-01-14")
    start, noon = local(date(2026, 1, 14)), local(date(2026, 1, 14), "12:04:02")
    groups = {group.label: group for group in simulated.frame_at(noon).groups}

    def highest(since: datetime, seconds: int) -> tuple[int, datetime]:
        begin = since.astimezone(UTC)
        instants = [begin + timedelta(seconds=n) for n in range(0, seconds + 1, 5)]
        return max(((simulated.truth(at).apparent_power, at) for at in instants), key=lambda one: one[0])

    for label, (power, at) in {
        "SMAXSN": highest(start, int((noon - start).total_seconds())),
        "SMAXSN-1": highest(start - DAY, 86395),
    }.items():
        assert groups[label].data == f"{power:05d}"
        assert groups[label].horodate == f"H{at.astimezone(PARIS):%y%m%d%H%M%S}"

    half = local(date(2026, 1, 14), "11:30")
    wh = simulated.truth(half + 30 * MINUTE).total_index - simulated.truth(half).total_index
    assert groups["CCASN"].horodate == "H260114120000"
    assert int(groups["CCASN"].data) == pytest.approx(2 * wh, abs=2)
    assert groups["CCASN-1"].horodate == "H260114113000"
    assert groups["UMOY1"].horodate == "H260114120000"
    assert 225 < int(groups["UMOY1"].data) < 245


def test_the_maximum_starts_afresh_at_midnight():
    assert data("standard,day=2026-01-14", "SMAXSN", horodate=True) == "H260114000000"


@pytest.mark.parametrize("spec", ["pv", "producer", "tri,pv", "standard,tri,producer"])
def test_the_house_injects_in_daylight_only(spec):
    simulated = house(f"{spec},day=2026-06-21")
    injecting = set()
    for minutes in range(0, 2 * 1440, 2):
        truth = simulated.truth(simulated.now + minutes * MINUTE)
        if truth.injected_power:
            assert truth.apparent_power == 0
            assert truth.active_power < 0
            injecting.add(truth.at.astimezone(PARIS).hour)
    assert injecting >= {11, 12, 13, 15}
    assert injecting <= set(range(6, 22))


def test_without_panels_nothing_is_injected():
    simulated = house("day=2026-06-21")
    assert simulated.truth(simulated.now + 13 * HOUR).injected_index == 0


def test_who_injects_without_a_contract_shows_a_current_and_no_power():
    """The injection is not in any other label of historique, and in standard in one bit of STGE only."""
    noon = "day=2026-06-21,at=15:30,pv"
    assert data(noon, "PAPP") == "00000"
    assert int(data(noon, "IINST")) > 0
    assert data(f"standard,{noon}", "SINSTS") == "00000"
    assert data(f"standard,{noon}", "SINSTI") is None
    assert data(f"standard,{noon}", "STGE") == "003A0201"
    assert data(f"standard,{noon},producer", "STGE") == "003A0301"


def test_above_the_subscribed_power_a_single_phase_meter_sends_adps():
    simulated = house("overload,day=2026-01-14")
    seen = {}
    for at, raw in simulated.frames(simulated.now + 5 * MINUTE):
        (frame,) = FrameDecoder(Mode.HISTORIQUE).feed(raw)
        values = {group.label: group.data for group in frame.groups}
        seen[at] = "ADPS" in values
        assert values.get("ADPS", values["IINST"]) == values["IINST"]
        assert seen[at] == (int(values["IINST"]) > int(values["ISOUSC"])) == simulated.truth(at).overload
    alarm = [at for at, on in seen.items() if on]
    assert timedelta(seconds=80) < alarm[-1] - alarm[0] < timedelta(seconds=92)


def test_above_the_subscribed_power_a_standard_meter_raises_bit_7():
    simulated = house("standard,overload,tri")
    for minutes, expected in ((1, False), (3, True), (5, False)):
        frame = simulated.frame_at(simulated.now + minutes * MINUTE)
        status = next(group.data for group in frame.groups if group.label == "STGE")
        assert bool(int(status, 16) & 0x80) is expected


def test_a_three_phase_meter_in_overload_breaks_off_and_hurries():
    """NOI-CPT_02E §2.5.2: a cut frame, then 20 short ones for a long one, for a minute after the last excess."""
    simulated = house("tri,hc,overload")
    frames = list(simulated.frames(simulated.now + 6 * MINUTE))
    kinds = []
    for at, raw in frames:
        text = parity.strip(raw)
        assert bad_lines(raw, Mode.HISTORIQUE) == []
        kind = "cut" if text.endswith(b"\x04") else "long" if b"PAPP" in text else "short"
        if kind == "short":
            phases = {b"ADIR%d" % n for n, amps in enumerate(simulated.truth(at).currents, 1) if amps > 20}
            assert set(re.findall(rb"ADIR\d", text)) == phases
            assert text.index(b"ADCO") > text.rfind(b"ADIR")
            assert text.count(b"\n") == 4 + len(phases)
        kinds.append((kind, at))
    runs = [(kind, len(list(run))) for kind, run in itertools.groupby(kind for kind, _ in kinds)]
    assert runs[0][0] == "long"
    assert runs[1] == ("cut", 1)
    assert runs[2:4] == [("short", 20), ("long", 1)]
    short = [at for kind, at in kinds if kind == "short"]
    assert timedelta(seconds=140) < short[-1] - short[0] < timedelta(seconds=153)
    assert runs[-1][0] == "long"
    assert runs[-1][1] > 20
