"""The simulated house is believable, its meter speaks as the specification says, and it can be repeated."""

from __future__ import annotations

import itertools
import os
import re
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta

import pytest

from linkymonitor.model.terms import PERIODS, Colour, Ejp, Mode
from linkymonitor.simulator.house import GAP, House
from linkymonitor.simulator.options import DEFAULT_DAY, NOISES, Options, parse_spec
from linkymonitor.simulator.seasons import ejp_season, tempo_season
from linkymonitor.simulator.wire import SimSource, feed_pty, open_pty, write_file
from linkymonitor.system.clock import WireClock
from linkymonitor.tic import parity
from linkymonitor.tic.decoder import FrameDecoder
from linkymonitor.tic.encoder import write_frame
from linkymonitor.tic.interpret import interpret
from tests.support.truth import PARIS, energy, local, timeline

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def house(spec: str) -> House:
    return House(parse_spec(spec))


def sent(spec: str, count: int) -> list[tuple[datetime, bytes]]:
    return list(itertools.islice(house(spec).frames(), count))


def wire(spec: str, count: int) -> bytes:
    return b"".join(frame for _, frame in sent(spec, count))


def data(spec: str, label: str, horodate: bool = False) -> str | None:
    """Return what the first frame of *spec* says under *label*."""
    for group in house(spec).frame_at(parse_spec(spec).start).groups:
        if group.label == label:
            return group.horodate if horodate else group.data
    return None


def bad_lines(raw: bytes, mode: Mode) -> list[bytes]:
    """Return the lines whose checksum is wrong, by a second reading of the rule (NOI-CPT_54E §5.3.6)."""
    separator = mode.separator
    bad = []
    for line in filter(None, re.split(rb"[\x02-\x04\r\n]", bytes(byte & 0x7F for byte in raw))):
        summed = line[:-1] if mode is Mode.STANDARD else line[:-2]
        if line[-2:-1] != separator or (sum(summed) & 0x3F) + 0x20 != line[-1]:
            bad.append(line)
    return bad


EVERY_METER = [
    ",".join(words)
    for words in (
        *itertools.product(
            ("historique", "standard"), ("base", "hc", "ejp", "tempo"), ("mono", "tri"), ("pv", "producer")
        ),
        *itertools.product(("old",), ("base", "tempo"), ("mono", "tri")),
    )
]


# --- The same again


@pytest.mark.parametrize("spec", ["tempo,noise=0.05", "standard,tri,producer,noise=0.05", "tri,overload"])
def test_the_same_options_make_the_same_bytes(spec):
    assert wire(spec, 150) == wire(spec, 150)


def test_another_seed_makes_another_house():
    assert wire("hc,seed=1", 20) != wire("hc,seed=2", 20)


def test_without_a_day_it_is_always_the_same_one():
    assert House(Options()).now == local(DEFAULT_DAY)


def test_a_skip_changes_nothing_of_what_comes_after():
    """Energy is counted whether or not anybody listens."""
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


# --- The line


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
    """Two readings of the checksum rule, then the whole path up to the reading."""
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
        expected = len(frame) * 10 / mode.speed + GAP
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


# --- Energy


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
    assert 4000 < drawn / 3600 < 40000  # what a household draws in a day


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


# --- Tariffs


def test_a_peak_day_is_announced_at_6_30_begins_at_7_and_ends_at_1():
    simulated = house("ejp,ejp=2026-01-13,day=2026-01-12")
    assert timeline(simulated, lambda truth: truth.ejp, simulated.now, simulated.now + 3 * DAY) == [
        (local(date(2026, 1, 12)), Ejp.NORMAL),
        (local(date(2026, 1, 13), "06:30"), Ejp.NOTICE),
        (local(date(2026, 1, 13), "07:00"), Ejp.PEAK),
        (local(date(2026, 1, 14), "01:00"), Ejp.NORMAL),
    ]


def test_the_notice_can_be_given_the_evening_before():
    simulated = house("ejp=2026-01-13,day=2026-01-12,notice=11h")
    assert timeline(simulated, lambda truth: truth.ejp, simulated.now, simulated.now + DAY + 8 * HOUR)[
        1:
    ] == [
        (local(date(2026, 1, 12), "20:00"), Ejp.NOTICE),
        (local(date(2026, 1, 13), "07:00"), Ejp.PEAK),
    ]


@pytest.mark.parametrize(
    ("at", "pejp", "ptec"),
    [
        ("06:29:59", None, "HN.."),
        ("06:30", "30", "HN.."),
        ("07:00", "30", "PM.."),
        ("23:59", "30", "PM.."),
    ],
)
def test_the_historique_meter_says_the_peak(at, pejp, ptec):
    spec = f"ejp=2026-01-13,day=2026-01-13,at={at}"
    assert data(spec, "PEJP") == pejp
    assert data(spec, "PTEC") == ptec


@pytest.mark.parametrize(
    ("at", "status", "dpm", "profile"),
    [
        ("06:00", "003AC001", None, None),
        ("06:30", "103AC001", " 260113070000", "01008001 0700C002"),
        ("07:00", "403AC400", " 260113070000", None),
        ("22:00", "403A8400", " 260113070000", None),
    ],
)
def test_the_standard_meter_says_the_peak(at, status, dpm, profile):
    # The distributor's index is that of winter peak hours from 6:00 to 22:00, in the two top bits of the nibble.
    spec = f"standard,ejp=2026-01-13,day=2026-01-13,at={at},seed=4"
    assert data(spec, "STGE") == status
    assert data(spec, "DPM1", horodate=True) == dpm
    assert data(spec, "FPM1", horodate=True) == (dpm and " 260114010000")
    assert (data(spec, "PPOINTE") or "")[:17] == (profile or "")


def test_a_tempo_day_runs_from_6_to_6_and_is_announced_at_20():
    """In June only the day that was asked for is not blue."""
    simulated = house("tempo,colour=white,day=2026-06-10")
    found = timeline(
        simulated,
        lambda truth: (truth.colour, truth.tomorrow),
        simulated.now - 5 * HOUR,
        simulated.now + DAY + 8 * HOUR,
    )
    assert found == [
        (local(date(2026, 6, 9), "19:00"), (Colour.BLUE, None)),
        (local(date(2026, 6, 9), "20:00"), (Colour.BLUE, Colour.WHITE)),
        (local(date(2026, 6, 10)), (Colour.BLUE, None)),
        (local(date(2026, 6, 10), "06:00"), (Colour.WHITE, None)),
        (local(date(2026, 6, 10), "20:00"), (Colour.WHITE, Colour.BLUE)),
        (local(date(2026, 6, 11)), (Colour.WHITE, None)),
        (local(date(2026, 6, 11), "06:00"), (Colour.BLUE, None)),
    ]
    assert data("tempo,colour=white,day=2026-06-10,at=05:59:59", "PTEC") == "HCJB"
    assert data("tempo,colour=white,day=2026-06-10,at=06:00", "PTEC") == "HPJW"


def test_an_old_meter_keeps_the_colour_of_tomorrow_until_6():
    assert data("old,tempo,colour=white,at=05:00", "DEMAIN") == "BLAN"
    assert data("tempo,colour=white,at=05:00", "DEMAIN") == "----"


@pytest.mark.parametrize(
    ("today", "tomorrow", "at", "status"),
    [
        # As captured: a red evening before a white day, the contact closed at night.
        pytest.param(Colour.RED, Colour.WHITE, "22:29", "9B3A9000", id="red then white"),
        pytest.param(Colour.WHITE, Colour.RED, "12:00", "423ACC01", id="white, tomorrow not yet known"),
        pytest.param(Colour.WHITE, Colour.RED, "21:00", "6E3ACC01", id="white then red"),
        pytest.param(Colour.WHITE, Colour.BLUE, "22:00", "463A8800", id="white then blue"),
        pytest.param(Colour.BLUE, Colour.WHITE, "20:00", "193AC401", id="blue then white"),
    ],
)
def test_the_status_register_tells_the_colours(today, tomorrow, at, status):
    """9B3A9000 was read on a real meter."""
    season = tempo_season(1, 2025)
    day = next(
        day
        for day in (date(2025, 11, 1) + n * DAY for n in range(140))
        if (season.get(day, Colour.BLUE), season.get(day + DAY, Colour.BLUE)) == (today, tomorrow)
    )
    assert data(f"standard,tempo,seed=1,day={day},at={at}", "STGE") == status


@pytest.mark.parametrize(
    ("day", "hours", "letters"),
    [
        pytest.param(date(2026, 3, 29), 23, ("H", "E"), id="spring"),
        pytest.param(date(2026, 10, 25), 25, ("E", "H"), id="autumn"),
    ],
)
def test_the_day_the_clocks_change_is_an_hour_off_and_loses_nothing(day, hours, letters):
    simulated = house(f"standard,hc,day={day}")
    start, end = local(day).astimezone(UTC), local(day + DAY).astimezone(UTC)
    assert end - start == hours * HOUR
    assert data(f"standard,day={day},at=01:30", "DATE", horodate=True)[0] == letters[0]
    assert data(f"standard,day={day},at=03:30", "DATE", horodate=True)[0] == letters[1]
    periods = timeline(simulated, lambda truth: truth.period, start, end, MINUTE)
    assert periods == [
        (start, "HC.."),
        (local(day, "06:00"), "HP.."),
        (local(day, "22:00"), "HC.."),
    ]
    for minutes in range(0, hours * 60, 10):
        frame = simulated.frame_at(start + minutes * MINUTE)
        assert bad_lines(write_frame(frame, Mode.STANDARD), Mode.STANDARD) == []
    assert 4000 < sum(energy(simulated, start, end).values()) < 40000


@pytest.mark.parametrize("autumn", range(2020, 2030))
def test_a_season_follows_the_rules_of_the_supplier(autumn):
    season = tempo_season(7, autumn)
    assert Counter(season.values()) == {Colour.WHITE: 43, Colour.RED: 22}
    assert all(date(autumn, 9, 1) <= day < date(autumn + 1, 9, 1) for day in season)
    assert all(day.weekday() != 6 for day in season)
    red = ejp_season(7, autumn)
    assert len(red) == 22
    assert all(day.weekday() < 5 and day.month in (11, 12, 1, 2, 3) for day in red)
    holidays = {(1, 1), (11, 1), (11, 11), (12, 25)}
    assert all((day.month, day.day) not in holidays for day in red)
    assert date(2027, 3, 29) not in red  # the one Easter Monday of these years that falls in March
    assert season == tempo_season(7, autumn) != tempo_season(8, autumn)


# --- Sun


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
    """All that historique says, and all that standard says but for one bit of STGE."""
    noon = "day=2026-06-21,at=15:30,pv"
    assert data(noon, "PAPP") == "00000"
    assert int(data(noon, "IINST")) > 0
    assert data(f"standard,{noon}", "SINSTS") == "00000"
    assert data(f"standard,{noon}", "SINSTI") is None
    assert data(f"standard,{noon}", "STGE") == "003A0201"
    assert data(f"standard,{noon},producer", "STGE") == "003A0301"


# --- Overload


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


# --- Noise


@pytest.mark.parametrize("spec", ["historique,hc", "standard,tri"])
@pytest.mark.parametrize("share", [0.01, 0.2])
def test_as_many_lines_are_hurt_as_was_asked(spec, share):
    simulated = house(f"{spec},noise={share}")
    for _ in itertools.islice(simulated.frames(), 2000 if share < 0.1 else 600):
        pass
    hurt, lines = simulated.noise.hits.total(), simulated.noise.lines
    assert hurt == pytest.approx(share * lines, rel=0.15)
    assert set(simulated.noise.hits) == set(NOISES)
    assert min(simulated.noise.hits.values()) > 0.5 * hurt / len(NOISES)


@pytest.mark.parametrize("kind", ["flip", "flips"])
def test_parity_shows_one_bit_and_not_two(kind):
    simulated = house(f"standard,noise=0.02,kinds={kind}")
    decoder, causes = FrameDecoder(Mode.STANDARD), Counter()
    for _, raw in itertools.islice(simulated.frames(), 300):
        assert kind == "flip" or parity.odd(raw) == 0
        for frame in decoder.feed(raw):
            causes.update(rejected.why for rejected in frame.rejected)
    # A bit of LF or CR does more than that.
    shown = causes["parity"] / causes.total()
    assert shown > 0.85 if kind == "flip" else shown == 0


@pytest.mark.parametrize("kind", NOISES)
def test_a_hurt_line_differs_and_the_others_arrive(kind):
    clean = [frame for _, frame in sent("standard", 60)]
    simulated = house(f"standard,noise=0.05,kinds={kind}")
    hurt = [frame for _, frame in itertools.islice(simulated.frames(), 60)]
    assert hurt != clean
    assert any(one == other for one, other in zip(hurt, clean, strict=True))
    assert set(simulated.noise.hits) == {kind}
    if kind == "cut":
        cut = [frame for frame, whole in zip(hurt, clean, strict=True) if frame != whole]
        assert len(cut) == simulated.noise.hits["cut"]
        assert all(whole.startswith(frame) for frame, whole in zip(hurt, clean, strict=True))


def test_noise_without_parity_stays_in_seven_bits():
    assert max(wire("standard,parity=no,noise=0.5", 50)) < 0x80


# --- Words


def test_a_specification_is_read_in_any_order_and_either_language():
    assert parse_spec("sim:standard,tempo,tri,seed=7,pv,noise=0.01,day=2026-01-13,at=06:58,peak") == Options(
        mode=Mode.STANDARD,
        contract="TEMPO",
        phases=3,
        seed=7,
        pv=True,
        noise=0.01,
        day=date(2026, 1, 13),
        at=time(6, 58),
        peak=True,
    )
    assert parse_spec("Pointe, producteur,jour=2026_01_13,puissance=6,couleur=rouge") == parse_spec(
        "colour=red,power=6,day=2026-01-13,producer,peak"
    )
    assert parse_spec("heure=05:59:59,duree=90,parite=non,graine=2") == parse_spec(
        "at=05:59:59,duration=90s,parity=no,seed=2"
    )
    assert parse_spec("") == parse_spec("sim:") == Options()
    assert parse_spec("ejp=2026-01-13+2026-01-14").contract == "EJP"
    assert parse_spec("kinds=flip+cut,every=60s,duration=2h,parity=no,speed=max,notice=11h,old") == Options(
        noise_kinds=("flip", "cut"),
        every=MINUTE,
        duration=2 * HOUR,
        parity=False,
        speed=None,
        notice=11 * HOUR,
        old=True,
    )


@pytest.mark.usefixtures("english")
@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("tempoo", "tempoo: unknown, did you mean tempo?"),
        ("standard,sede=7", "sede=7: unknown, did you mean seed=?"),
        ("xyzzy", "xyzzy: unknown, expected some of standard, "),
        ("seed", "seed: expected a value, as in seed=…"),
        ("jour", "jour: expected a value, as in jour=…"),
        ("jouur=2026-01-13", "jouur=2026-01-13: unknown, did you mean jour=?"),
        ("seed=many", "seed = many: expected a whole number"),
        ("day=13/01/2026", "day = 13/01/2026: expected a date such as 2026-01-13"),
        ("at=noon", "at = noon: expected a time such as 06:58"),
        ("noise=2", "noise = 2.0: expected a share of the lines, from 0 to 1"),
        ("noise=lots", "noise = lots: expected a share of the lines, from 0 to 1"),
        ("kinds=flop", "kinds = flop: expected flip+flips+"),
        ("phases=2", "phases = 2: expected 1 or 3"),
        ("power=99", "power = 99: expected 1 to 36 kVA"),
        ("contract=zen", "contract = zen: expected base, hc, "),
        ("colour=green", "colour = green: expected bleu, blue, "),
        ("every=soon", "every = soon: expected a duration such as 90s, 15m, 2h or 7d"),
        ("every=0s", "every: expected a duration such as 60s"),
        ("peak=maybe", "peak = maybe: expected yes or no"),
        ("speed=fast", "speed = fast: expected a number, or max"),
        ("speed=0", "speed = 0.0: expected a number above 0, or max"),
        ("old,standard", "old: a meter from before Linky does not speak standard, expected historique"),
    ],
)
def test_a_word_that_cannot_be_used_is_named_with_its_remedy(spec, message):
    with pytest.raises(ValueError) as raised:
        parse_spec(spec)
    assert str(raised.value).startswith(message)
    assert "\n" not in str(raised.value)


@pytest.mark.usefixtures("english")
def test_a_contract_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="contract = ZEN: expected BASE, HC, EJP, TEMPO"):
        Options(contract="ZEN")
    assert set(PERIODS) == {"BASE", "HC", "EJP", "TEMPO"}
    with pytest.raises(ValueError, match="kinds =: expected flip"):
        Options(noise_kinds=())


# --- Where the bytes go


@pytest.fixture
def clock():
    return WireClock(datetime(2026, 1, 13, 11, tzinfo=UTC))


def test_a_paced_source_gives_line_after_line_when_it_has_left_the_meter(clock):
    source = SimSource(parse_spec("day=2026-01-13,at=12:00"), clock, sleep=clock.advance)
    began, received = clock.monotonic(), b""
    while len(received) < 1520:
        piece = source.read(0.01)
        if piece:
            assert piece.strip(b"\x02\x82").startswith((b"\n", b"\x03"))
            received += piece
    assert received == wire("day=2026-01-13,at=12:00", 10)[: len(received)]
    line = 1520 * 10 / 1200 + 9 * GAP
    assert clock.monotonic() - began == pytest.approx(line, abs=0.02)
    assert (source.live, source.is_meter, source.paced, source.mode) == (False, False, True, Mode.HISTORIQUE)
    assert source.name == "sim:historique,base,seed=1"


def test_a_read_waits_no_longer_than_it_may(clock):
    source = SimSource(parse_spec("day=2026-01-13"), clock, sleep=clock.advance)
    before = clock.monotonic()
    assert source.read(0.05) == b""
    assert clock.monotonic() - before == pytest.approx(0.05)
    assert source.read(60.0) != b""


def test_ten_times_the_speed_takes_a_tenth_of_the_time(clock):
    source = SimSource(parse_spec("standard,duration=60s"), clock, speed=10, sleep=clock.advance)
    before = clock.monotonic()
    while source.read(1.0) is not None:
        pass
    assert clock.monotonic() - before == pytest.approx(6, abs=0.2)
    assert source.read(1.0) is None


def test_a_reader_that_comes_back_late_gets_what_the_meter_says_now(clock):
    """A meter waits for nobody: memory does not grow, and the data are not old."""
    source = SimSource(parse_spec("standard,day=2026-01-13,at=12:00"), clock, sleep=clock.advance)
    source.read(1.0)
    clock.advance(3600)
    pieces = [source.read(1.0) for _ in range(5)]
    assert b"H260113130000" in parity.strip(b"".join(pieces))


def test_a_reader_a_little_late_loses_nothing(clock):
    source = SimSource(parse_spec("day=2026-01-13"), clock, sleep=clock.advance)
    clock.advance(1.0)
    received = source.read(1.0)
    clock.advance(3.0)
    while len(received) < 152:
        received += source.read(1.0)
    assert received == wire("", 1)


def test_a_source_without_pace_gives_whole_frames_and_their_time(clock):
    source = SimSource(parse_spec("standard,duration=10s"), clock, speed=None)
    frames, elapsed = [], 0.0
    while (frame := source.read(0.0)) is not None:
        frames.append(frame)
        elapsed += source.elapsed
    assert source.paced is False
    assert all(len(frame) == 865 for frame in frames)
    assert elapsed == pytest.approx(len(frames) * (865 / 960 + GAP) - GAP, abs=1e-4)


def test_without_a_day_a_source_is_a_house_of_now(clock):
    source = SimSource(parse_spec("standard"), clock, speed=None)
    assert source.house.now == clock.now()
    later = SimSource(parse_spec("standard,at=18:30"), clock, speed=None)
    assert later.house.now == local(date(2026, 1, 13), "18:30")


def test_a_closed_source_is_at_its_end(clock):
    source = SimSource(parse_spec("standard"), clock, sleep=clock.advance)
    source.read(0.0)
    source.close()
    assert source.read(1.0) is None


def test_a_file_holds_as_much_as_the_line_carries_in_that_time():
    parts: list[bytes] = []
    frames = write_file(parse_spec("hc,seed=2"), parts.append, timedelta(minutes=2))
    assert b"".join(parts) == wire("hc,seed=2", frames)
    assert frames == pytest.approx(120 / (170 / 120 + GAP), abs=1)
    assert write_file(parse_spec("hc,duration=2m"), parts.append) == frames
    with pytest.raises(ValueError, match="duration: expected how long"):
        write_file(parse_spec("hc"), parts.append)


@pytest.fixture
def terminal():
    master, slave, path = open_pty()
    yield master, slave, path
    os.close(master)
    os.close(slave)


def test_a_reader_of_the_pseudo_terminal_gets_every_byte(terminal, clock):
    master, slave, path = terminal
    assert os.ttyname(slave) == path
    os.set_blocking(slave, False)
    received = bytearray()

    def drained() -> bool:
        while True:
            try:
                received.extend(os.read(slave, 65536))
            except BlockingIOError:
                return False

    options = parse_spec("standard,day=2026-01-13,duration=60s,noise=0.02")
    assert feed_pty(options, master, clock=clock, sleep=clock.advance, stop=drained) == 0
    drained()
    assert bytes(received) == b"".join(frame for _, frame in House(options).frames())


def test_nobody_at_the_pseudo_terminal_costs_bytes_and_nothing_else(terminal, clock):
    master, slave, _ = terminal
    options = parse_spec("standard,day=2026-01-13,duration=60s")
    lost = feed_pty(options, master, clock=clock, sleep=clock.advance)
    size = sum(len(frame) for _, frame in House(options).frames())
    kept = os.read(slave, 65536)
    assert lost > 0
    assert lost + len(kept) <= size
    assert lost >= size - 3 * 65536


def test_a_stop_is_heard(terminal, clock):
    master, _, _ = terminal
    assert feed_pty(parse_spec("standard"), master, None, clock=clock, stop=lambda: True) == 0
