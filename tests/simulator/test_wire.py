"""The simulated meter on a reader, a file and a pseudo-terminal."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from linkymonitor.errors import BadSetting
from linkymonitor.model.terms import Mode
from linkymonitor.simulator.house import House
from linkymonitor.simulator.options import parse_spec
from linkymonitor.simulator.wire import SimSource, feed_pty, open_pty, write_file
from linkymonitor.system.clock import WireClock
from linkymonitor.tic import parity
from linkymonitor.tic.frame import FRAME_GAP
from tests.simulator.houses import wire
from tests.support.truth import local


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
    line = 1520 * 10 / 1200 + 9 * FRAME_GAP
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
    """A meter does not wait for its reader: memory does not grow, and the data are not old."""
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
    assert elapsed == pytest.approx(len(frames) * (865 / 960 + FRAME_GAP) - FRAME_GAP, abs=1e-4)


def test_without_a_day_a_source_is_a_house_of_now(clock):
    source = SimSource(parse_spec("standard"), clock, speed=None)
    assert source.house.now == clock.now()
    later = SimSource(parse_spec("standard,at=18:30"), clock, speed=None)
    assert later.house.now == local(date(2026, 1, 13), "18:30")


def test_without_a_day_the_indexes_count_from_a_day_before_now(clock):
    clock.advance(150 * 86400)
    spec = "standard,since=2026-06-01"
    today = clock.now().astimezone(ZoneInfo("Europe/Paris"))
    source = SimSource(parse_spec(spec), clock, speed=None)
    same = House(parse_spec(f"{spec},day={today:%Y-%m-%d},at={today:%H:%M}"))
    assert source.house.frame_at(clock.now()) == same.frame_at(clock.now())
    with pytest.raises(BadSetting, match="since = 2026-12-31"):
        SimSource(parse_spec("standard,since=2026-12-31"), clock, speed=None)


def test_a_closed_source_is_at_its_end(clock):
    source = SimSource(parse_spec("standard"), clock, sleep=clock.advance)
    source.read(0.0)
    source.close()
    assert source.read(1.0) is None


def test_a_file_holds_as_much_as_the_line_carries_in_that_time():
    parts: list[bytes] = []
    frames = write_file(parse_spec("hc,seed=2"), parts.append, timedelta(minutes=2))
    assert b"".join(parts) == wire("hc,seed=2", frames)
    assert frames == pytest.approx(120 / (170 / 120 + FRAME_GAP), abs=1)
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
