from __future__ import annotations

import gzip
import math
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkymonitor.errors import LineError
from linkymonitor.meter.meter import Meter
from linkymonitor.model.terms import Mode
from linkymonitor.source.recording import (
    CHUNK,
    Tap,
    block,
    header,
    is_recording,
    paced,
    read_header,
    read_recording,
)
from linkymonitor.system.clock import WireClock
from tests.source.wires import NOON, WIRE
from tests.support.extent import extent

CHUNKS = [(0.0, b"\x82\nADCO"), (0.125, bytes(range(256))), (3.5, b"\x03")]


def recorded(chunks=CHUNKS, start=NOON, speed=1200) -> bytes:
    return header(start, speed) + b"".join(block(offset, data) for offset, data in chunks)


@pytest.fixture
def keep(tmp_path):
    """The function that writes a recording and returns its path."""

    def keep(content: bytes):
        path = tmp_path / "meter.tic"
        path.write_bytes(content)
        return path

    return keep


def test_a_recording_begins_with_its_name_and_says_that_it_is_unmasked():
    assert header(NOON, 1200) == b"linkymonitor-recording 1 2026-11-21T12:00:00.000Z 1200 unmasked\n"
    assert header(NOON) == b"linkymonitor-recording 1 2026-11-21T12:00:00.000Z - unmasked\n"
    assert is_recording(recorded())
    assert not is_recording(b"\x02\nADCO 012345678901 E\r")


def test_a_block_is_a_line_of_text():
    assert block(1.2345, b"\x82\nA") == b"1.234 820a41\n"
    assert block(0.0, b"") == b""


def test_a_long_chunk_is_cut_into_lines_of_the_same_time():
    lines = block(2.0, bytes(2 * CHUNK + 1)).splitlines()
    assert [len(line) for line in lines] == [6 + 2 * CHUNK, 6 + 2 * CHUNK, 6 + 2]


def test_what_was_recorded_is_read_back(keep):
    path = keep(recorded())
    assert list(read_recording(path)) == CHUNKS
    found = read_header(path)
    assert (found.started_at, found.speed) == (NOON, 1200)


@given(
    chunks=st.lists(
        st.tuples(st.integers(0, 10**9).map(lambda ms: ms / 1000), st.binary(min_size=1, max_size=50))
    )
)
def test_any_bytes_at_any_time_are_read_back(tmp_path_factory, chunks):
    chunks.sort(key=lambda chunk: chunk[0])
    path = tmp_path_factory.mktemp("recording") / "meter.tic"
    path.write_bytes(recorded(chunks))
    assert list(read_recording(path)) == chunks


@pytest.mark.campaign
def test_a_recording_cut_anywhere_gives_the_whole_lines_before_the_cut(keep):
    content = recorded()
    first = content.index(b"\n") + 1
    for cut in range(first, len(content), extent(5, 1)):
        whole = content[first:cut].count(b"\n")
        for tail in (b"", b"\0" * 37, b"\xff" * 16):
            assert list(read_recording(keep(content[:cut] + tail))) == CHUNKS[:whole]


def test_a_damaged_line_costs_itself_alone(keep):
    lines = recorded().splitlines(keepends=True)
    damaged = [
        b"0.1x5 41\n",
        b"0.125 4\n",
        b"0.125 \n",
        b"0.125 4G\n",
        b"\n",
        b"\0" * 4096 + b"\n",
        b"9" * 100000 + b"\n",
    ]
    for line in damaged:
        assert list(read_recording(keep(b"".join([lines[0], lines[1], line, *lines[3:]])))) == [
            CHUNKS[0],
            CHUNKS[2],
        ]


def test_recording_again_into_the_same_file_goes_on_with_its_times(keep):
    again = recorded([(0.0, b"B"), (1.0, b"C")], start=NOON + timedelta(minutes=1))
    times = [offset for offset, _ in read_recording(keep(recorded() + again))]
    assert times == [0.0, 0.125, 3.5, 60.0, 61.0]


def test_times_never_decrease_although_the_clock_was_put_back(keep):
    again = recorded([(0.0, b"B"), (1.0, b"C")], start=NOON - timedelta(days=1))
    times = [offset for offset, _ in read_recording(keep(recorded() + again))]
    assert times == [0.0, 0.125, 3.5, 3.5, 4.5]


def test_a_gzipped_recording_is_read_too_even_cut_short(keep):
    packed = gzip.compress(recorded())
    assert list(read_recording(keep(packed))) == CHUNKS
    assert list(read_recording(keep(packed[:-4]))) == CHUNKS


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\x02\nADCO", id="no recording"),
        pytest.param(
            b"linkymonitor-recording 2 2026-11-21T12:00:00.000Z 1200 unmasked\n", id="from the future"
        ),
        pytest.param(b"linkymonitor-recording 1 2026-13-21T12:00:00.000Z 1200 unmasked\n", id="no such date"),
        pytest.param(b"linkymonitor-recording 1 \xff\xfe\xfdZ 1200 unmasked\n", id="no text"),
        pytest.param(b"linkymonitor-recording 1 2026-11-21T12:00:00.000Z 1200 unma", id="cut"),
        pytest.param(b"\x1f\x8b\x08\0", id="gzip, cut"),
    ],
)
def test_what_is_no_recording_is_refused(keep, content):
    with pytest.raises(LineError, match=r"meter\.tic"):
        list(read_recording(keep(content)))


def test_a_missing_recording_is_refused(tmp_path):
    with pytest.raises(LineError, match="nowhere"):
        list(read_recording(tmp_path / "nowhere"))


@pytest.mark.parametrize(
    ("speed", "waits"),
    [
        pytest.param(1.0, [0.125, 3.375], id="as it came"),
        pytest.param(2.0, [0.0625, 1.6875], id="twice as fast"),
        pytest.param(math.inf, [], id="at once"),
    ],
)
def test_a_replay_keeps_the_pace(speed, waits):
    clock, slept = WireClock(NOON), []

    def sleep(seconds):
        slept.append(seconds)
        clock.advance(seconds)

    assert list(paced(CHUNKS, clock, speed, sleep)) == [data for _, data in CHUNKS]
    assert slept == pytest.approx(waits)


def test_a_replay_that_is_late_catches_up():
    clock, slept = WireClock(NOON), []
    replay = paced([(0.0, b"A"), (1.0, b"B"), (2.0, b"C")], clock, sleep=slept.append)
    assert next(replay) == b"A"
    clock.advance(1.5)
    assert next(replay) == b"B"
    assert next(replay) == b"C"
    assert slept == [0.5]


@pytest.mark.parametrize("mode", list(Mode), ids=lambda mode: mode.value)
def test_a_tap_shows_every_byte_of_a_port_as_it_was_sent(meter, opened, clock, mode):
    """A port that gathers frames would change the ends of lines that noise has hit."""
    shown = []
    heard = Meter(Tap(opened(meter.path), shown.append), clock, mode)
    sent = 5 * WIRE[mode] + bytes(range(256)) + b"\n\r\r\n\n\r\x03" + WIRE[mode]
    for at in range(0, len(sent), 100):
        meter.write(sent[at : at + 100])
        heard.frames(0.0)
    assert heard.mode is mode
    assert b"".join(shown) == sent
