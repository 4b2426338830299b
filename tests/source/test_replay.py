"""The clock of a replay: how far each read moves it, and how the DATE of the meter corrects it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from linkymonitor.model.terms import Mode
from linkymonitor.simulator.house import House
from linkymonitor.simulator.options import parse_spec
from linkymonitor.simulator.wire import SimSource
from linkymonitor.source.base import Source
from linkymonitor.source.replay import WireSource
from linkymonitor.system.clock import StreamClock, WireClock
from linkymonitor.tic.encoder import write_frame
from linkymonitor.tic.frame import FRAME_GAP, Frame, InfoGroup

START = datetime(2027, 1, 13, 18, 0, 0, tzinfo=UTC)
HISTORIQUE = write_frame(
    Frame((InfoGroup("BASE", "000123456"), InfoGroup("PTEC", "TH.."), InfoGroup("PAPP", "01230"))),
    Mode.HISTORIQUE,
)


class Chunks(Source):
    """A source of given chunks, with offsets if these are given."""

    name = "chunks"

    def __init__(self, *chunks, offsets=None, elapsed=None):
        self._chunks = list(chunks)
        self._offsets = list(offsets or [])
        self.elapsed = elapsed
        self.offset = 0.0 if offsets else None
        self.closed = False

    def read(self, timeout):
        if not self._chunks:
            return None
        if self._offsets:
            self.offset = self._offsets.pop(0)
        return self._chunks.pop(0)

    def close(self):
        self.closed = True


def standard(date: datetime, letter: str = "H") -> bytes:
    """Return a frame in standard mode with *date* in DATE, long enough to show that it has no parity."""
    stamp = (date + timedelta(hours=1)).strftime(f"{letter}%y%m%d%H%M%S")
    groups = [InfoGroup("ADSC", "041876543210"), InfoGroup("DATE", "", stamp), InfoGroup("NGTF", "EJP")]
    groups += [InfoGroup(f"EASF{number:02d}", "000123456") for number in range(1, 11)]
    return write_frame(Frame(tuple(groups)), Mode.STANDARD)


def stamps(source: WireSource, clock: WireClock, timeout: float = 1000.0) -> list[datetime]:
    """Return the time at which each chunk was read."""
    found = []
    while (chunk := source.read(timeout)) is not None:
        if chunk:
            found.append(clock.now())
    return found


@pytest.mark.parametrize("mode", Mode, ids=lambda mode: mode.value)
def test_a_byte_lasts_ten_bits_and_a_frame_a_gap(mode):
    clock = WireClock(START)
    source = WireSource(Chunks(HISTORIQUE, HISTORIQUE[:-1]), clock, mode)
    byte = 10 / mode.speed
    first, second = stamps(source, clock)
    assert (first - START).total_seconds() == pytest.approx(len(HISTORIQUE) * byte + FRAME_GAP, abs=1e-5)
    # Without its ETX it is no frame yet, and no gap follows.
    assert (second - first).total_seconds() == pytest.approx((len(HISTORIQUE) - 1) * byte, abs=1e-5)


def test_a_read_that_is_too_short_takes_its_whole_time_and_gives_nothing():
    clock = WireClock(START)
    source = WireSource(Chunks(HISTORIQUE * 20), clock, Mode.HISTORIQUE)
    whole = len(HISTORIQUE) * 20 / 120 + FRAME_GAP
    reads = 0
    while source.read(0.1) == b"":
        reads += 1
        assert clock.monotonic() == pytest.approx(1000 + reads * 0.1)
    assert clock.monotonic() == pytest.approx(1000 + whole)
    assert source.read(5.0) is None
    assert clock.monotonic() == pytest.approx(1000 + whole), "the end takes no time"


def test_the_mode_is_told_from_the_bytes_before_any_time_passes():
    clock = WireClock(START)
    source = WireSource(Chunks(*[HISTORIQUE] * 5), clock)
    assert source.mode is None
    assert source.read(1000.0) == HISTORIQUE
    assert source.mode is Mode.HISTORIQUE
    assert (clock.now() - START).total_seconds() == pytest.approx(len(HISTORIQUE) / 120 + FRAME_GAP)


def test_garbage_gets_a_mode_in_the_end():
    clock = WireClock(START)
    source = WireSource(Chunks(b"\x55" * 5000, b"\xaa" * 5000), clock)
    assert len(stamps(source, clock)) == 2
    assert source.mode is Mode.HISTORIQUE


def test_an_empty_source_ends_at_once():
    clock = WireClock(START)
    assert WireSource(Chunks(), clock).read(1000.0) is None
    assert clock.now() == START


def test_recorded_times_win_over_the_number_of_bytes():
    clock = WireClock(START)
    source = WireSource(Chunks(*[HISTORIQUE] * 4, offsets=[0.5, 2.0, 2.0, 90.0]), clock, Mode.HISTORIQUE)
    assert [(at - START).total_seconds() for at in stamps(source, clock)] == pytest.approx(
        [0.5, 2.0, 2.0, 90.0]
    )


def test_a_recording_whose_chunks_do_not_end_with_a_frame_keeps_its_pace():
    """A raw port and a URL give the end of a frame and the start of the next together."""
    period = len(standard(START)) * 10 / 9600 + FRAME_GAP
    wires = [standard(START + timedelta(seconds=number * period)) for number in range(200)]
    half = len(wires[0]) // 2
    chunks = [wires[0][:half], *(one[half:] + other[:half] for one, other in pairwise(wires))]
    offsets = [(number + 0.5) * period for number in range(200)]
    clock = WireClock(START)
    found = stamps(WireSource(Chunks(*chunks, offsets=offsets), clock, Mode.STANDARD), clock)
    assert [(at - START).total_seconds() for at in found] == pytest.approx(offsets)


def test_a_simulated_meter_tells_its_own_time():
    """With one frame a minute, the silence between two frames takes its time too."""
    options = parse_spec("ejp,day=2027-01-13,at=19:00,every=60s,duration=10m,speed=max")
    clock = WireClock(options.start)
    source = WireSource(SimSource(options, clock, None), clock, options.mode, dated=False)
    found = stamps(source, clock)
    assert len(found) == 10
    assert all(59.5 < (after - before).total_seconds() < 60.5 for before, after in pairwise(found))


def test_the_first_date_says_when_the_capture_was_made():
    clock = WireClock(START + timedelta(days=400))
    source = WireSource(Chunks(standard(START), standard(START + timedelta(seconds=1))), clock, Mode.STANDARD)
    found = stamps(source, clock)
    took = len(standard(START)) * 10 / 9600 + FRAME_GAP
    assert (found[0] - START).total_seconds() == pytest.approx(took)
    assert (found[1] - START).total_seconds() == pytest.approx(2 * took)
    assert clock.monotonic() - 1000 == pytest.approx(2 * took), "the monotonic clock does not notice"


def test_a_true_start_is_left_alone_whatever_the_length_of_a_frame():
    """DATE is the time at which the frame began, in whole seconds: up to three seconds before a long frame ends."""
    options = parse_spec("standard,tempo,tri,producer,seed=3,day=2027-01-13,at=19:00")
    frames = [wire for _, wire in House(options).frames(options.start + timedelta(minutes=5))]
    clock = WireClock(options.start)
    found = stamps(WireSource(Chunks(*frames), clock, Mode.STANDARD), clock)
    length = sum(len(wire) * 10 / 9600 + FRAME_GAP for wire in frames)
    assert found == sorted(found)
    assert (found[-1] - options.start).total_seconds() == pytest.approx(length, abs=0.01)


def test_a_gap_in_the_capture_passes_in_the_replay():
    later = START + timedelta(minutes=10)
    clock = WireClock(START)
    source = WireSource(Chunks(standard(START), standard(later)), clock, Mode.STANDARD)
    assert source.read(1000.0)
    waited = 0
    while source.read(1.0) == b"":
        waited += 1
    assert waited == pytest.approx(600, abs=2)
    assert abs(clock.now() - later) < timedelta(seconds=1)


def test_a_date_that_goes_back_sets_the_clock_back_and_nothing_else():
    clock = WireClock(START)
    source = WireSource(Chunks(standard(START), standard(START - timedelta(hours=1))), clock, Mode.STANDARD)
    found = stamps(source, clock)
    assert found[1] - (START - timedelta(hours=1)) < timedelta(seconds=1)
    assert clock.monotonic() - 1000 < 1


def test_a_date_in_many_small_pieces_corrects_as_well():
    wire = standard(START)
    pieces = [wire[at : at + 7] for at in range(0, len(wire), 7)]
    clock = WireClock(START - timedelta(days=3))
    stamps(WireSource(Chunks(*pieces), clock, Mode.STANDARD), clock)
    assert (clock.now() - START).total_seconds() == pytest.approx(len(wire) * 10 / 9600 + FRAME_GAP, abs=0.05)


def test_a_damaged_date_or_one_of_a_cut_frame_is_not_followed():
    clock = WireClock(START)
    good = standard(START + timedelta(days=9))
    damaged = good.replace(b"DATE", b"DAUE")
    stamps(WireSource(Chunks(damaged, good[:-1]), clock, Mode.STANDARD), clock)
    assert clock.now() - START < timedelta(seconds=2)


def test_a_historique_meter_has_no_date_to_follow():
    clock = WireClock(START)
    stamps(WireSource(Chunks(standard(START + timedelta(days=9))), clock, Mode.HISTORIQUE), clock)
    assert clock.now() - START < timedelta(minutes=1)


def test_stdin_is_dated_by_the_later_of_both_times():
    real = WireClock(START)
    clock = StreamClock(real)
    assert clock.now() == START
    clock.advance(30)
    clock.catch_up()
    assert clock.now() == START + timedelta(seconds=30), "bytes that came faster than a line would bring them"
    real.advance(50)
    clock.catch_up()
    assert clock.now() == START + timedelta(seconds=50), "bytes that were waited for"
    real.advance(-0.0)
    clock.catch_up()
    assert clock.now() == START + timedelta(seconds=50)


def test_close_closes_what_is_below():
    chunks = Chunks()
    WireSource(chunks, WireClock(START)).close()
    assert chunks.closed
