"""A serial device whose kernel gathers the frames."""

from __future__ import annotations

import random
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import pytest

from linkymonitor.meter.meter import Meter
from linkymonitor.model.terms import Mode
from linkymonitor.source.tty import WITHOUT_END
from linkymonitor.tic import parity
from linkymonitor.tic.decoder import FrameDecoder
from linkymonitor.tic.frame import InfoGroup
from tests.source.wires import FRAME, WIRE, hear

both_modes = pytest.mark.parametrize("mode", list(Mode), ids=lambda mode: mode.value)
every_parity = pytest.mark.parametrize(
    "received", [bytes, parity.strip, parity.invert], ids=["even parity", "stripped", "odd parity"]
)

EOT = parity.add(b"\x04")
#: What makes of each frame one without an end.
DAMAGED_END = b"\x2b"


@pytest.fixture
def source(meter, opened):
    """A port that is settled, of *meter*."""
    source = opened(meter.path)
    source.settle()
    return source


@both_modes
@every_parity
@pytest.mark.parametrize("piece", [1, 8, 4096])
def test_a_settled_port_gives_a_frame_a_read(meter, source, mode, received, piece):
    wire = received(WIRE[mode])
    for _ in range(4):
        for at in range(0, len(wire), piece):
            assert source.read(0.0) == b""
            meter.write(wire[at : at + piece])
        assert source.read(0.0) == wire


@both_modes
@every_parity
def test_frames_that_have_waited_come_one_a_read(meter, source, mode, received):
    wire = received(WIRE[mode])
    meter.write(5 * wire)
    assert [source.read(0.0) for _ in range(6)] == [*5 * [wire], b""]


@both_modes
def test_a_read_that_waits_is_over_at_the_last_byte_of_a_frame(meter, source, mode):
    with ThreadPoolExecutor() as pool:
        reading = pool.submit(source.read, 3600.0)
        meter.write(WIRE[mode])
        assert reading.result(timeout=30) == WIRE[mode]


def test_an_interrupted_frame_comes_with_the_next_one(meter, source):
    """EOT ends no read, and is not taken for the end of the input."""
    wire = FRAME[:40] + EOT + FRAME
    meter.write(wire)
    assert source.read(0.0) == wire
    assert not source.away


def test_a_frame_whose_etx_is_lost_comes_with_the_next_one(meter, source):
    wire = FRAME[:-1] + DAMAGED_END + FRAME
    meter.write(wire)
    assert source.read(0.0) == wire


def test_a_settled_port_changes_nothing_but_line_ends(meter, source):
    """No control character does anything: 0x04 is VEOF elsewhere, 0x7F VERASE, 0x13 stops the flow."""
    chance = random.Random(9)
    for _ in range(200):
        noise = bytes(range(256)) + chance.randbytes(1000) + b"\x03"
        meter.write(noise)
        got = b"".join(hear(source, len(noise)))
        assert got.replace(b"\n", b"\r") == noise.replace(b"\n", b"\r")


def decoded(mode: Mode, chunks: Iterable[bytes]) -> list[tuple[bool, tuple[InfoGroup, ...], list[str]]]:
    """Return of each frame whether it is complete, its groups, and why others were rejected."""
    decoder = FrameDecoder(mode, unframed=True)
    frames = [frame for chunk in chunks for frame in decoder.feed(chunk)]
    return [(frame.complete, frame.groups, [one.why for one in frame.rejected]) for frame in frames]


@both_modes
@every_parity
@pytest.mark.parametrize("seed", range(10))
def test_noise_costs_the_same_groups_as_without_the_kernel(meter, source, mode, received, seed):
    """Bits turn, bytes get lost and come twice, line ends and borders of frames among them."""
    chance = random.Random(seed)
    wire = bytearray()
    for byte in received(WIRE[mode]) * 40:
        hit = chance.random()
        turned = byte ^ 1 << chance.randrange(8) if hit < 0.01 else byte
        wire += bytes([turned]) * (0 if hit > 0.998 else 2 if hit > 0.996 else 1)
    wire += b"\x03"
    chunks = []
    for at in range(0, len(wire), 500):
        meter.write(wire[at : at + 500])
        while chunk := source.read(0.0):
            chunks.append(chunk)
    assert sum(map(len, chunks)) == len(wire)
    assert decoded(mode, chunks) == decoded(mode, [bytes(wire)])


def test_frames_without_an_end_come_raw_after_a_pause_and_lose_no_byte(meter, source, clock):
    wire = (FRAME[:-1] + DAMAGED_END) * 20
    meter.write(wire[:2000])
    clock.advance(WITHOUT_END - 0.1)
    assert source.read(0.0) == b""
    clock.advance(0.2)
    meter.write(wire[2000:])
    assert source.read(0.0) == b""
    assert not meter.canonical
    assert b"".join(hear(source, len(wire))) == wire
    meter.write(wire)
    assert b"".join(hear(source, len(wire))) == wire


def test_frames_come_one_a_read_again_after_the_first_etx(meter, source, clock):
    clock.advance(WITHOUT_END + 1)
    assert source.read(0.0) == b""
    meter.write(FRAME)
    assert source.read(0.0) == FRAME
    assert meter.canonical
    clock.advance(WITHOUT_END - 0.1)
    for piece in (FRAME[:50], FRAME[50:]):
        assert source.read(0.0) == b""
        meter.write(piece)
    assert source.read(0.0) == FRAME


def test_a_meter_whose_etx_is_always_damaged_is_heard_all_the_same(meter, opened, clock):
    heard = Meter(opened(meter.path), clock)
    complete = 0
    for _ in range(100):
        meter.write(FRAME[:-1] + DAMAGED_END)
        clock.advance(len(FRAME) * 10 / 9600)
        complete += sum(one.frame.complete for one in heard.frames(0.0))
    assert complete >= 98


def test_more_bytes_than_the_kernel_can_gather_cost_the_frame_that_ends_them(meter, source):
    for _ in range(50):
        meter.write(b"x" * 1000)
    meter.write(FRAME)
    assert len(source.read(0.0)) == 4096
    meter.write(FRAME)
    assert source.read(0.0) == FRAME
