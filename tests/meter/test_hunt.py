from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkymonitor.meter.hunt import LOST, TRY, Hunter
from linkymonitor.model.terms import Mode
from linkymonitor.tic import parity
from linkymonitor.tic.detect import ENOUGH, count_valid, detect
from linkymonitor.tic.encoder import write_frame, write_group
from linkymonitor.tic.frame import Frame, InfoGroup
from tests.support.pty_meter import heard

HISTORIQUE, STANDARD = Mode.HISTORIQUE, Mode.STANDARD

FRAMES = {
    HISTORIQUE: Frame(
        (
            InfoGroup("ADCO", "012345678901"),
            InfoGroup("OPTARIF", "EJP."),
            InfoGroup("ISOUSC", "45"),
            InfoGroup("EJPHN", "000688322"),
            InfoGroup("EJPHPM", "000080072"),
            InfoGroup("PTEC", "HP.."),  # its check character is a space
            InfoGroup("IINST", "013"),
            InfoGroup("PAPP", "02990"),
        )
    ),
    STANDARD: Frame(
        (
            InfoGroup("ADSC", "012345678901"),
            InfoGroup("VTIC", "02"),
            InfoGroup("DATE", "", "H261121120000"),
            InfoGroup("NGTF", "      BASE      "),
            InfoGroup("EASD01", "000000000"),  # its check character is a space
            InfoGroup("SMAXSN1-1", "05230", "H261120120000"),
            InfoGroup("SINSTS", "02990"),
            InfoGroup("STGE", "003A0001"),
        )
    ),
}
WIRE = {mode: write_frame(frame, mode, parity=True) for mode, frame in FRAMES.items()}

both_modes = pytest.mark.parametrize("mode", list(Mode), ids=lambda mode: mode.value)


@both_modes
@pytest.mark.parametrize("stripped", [False, True], ids=["with parity", "stripped"])
def test_every_line_of_a_frame_is_counted_for_its_mode(mode, stripped):
    wire = parity.strip(WIRE[mode]) if stripped else WIRE[mode]
    assert count_valid(wire) == {other: 8 if other is mode else 0 for other in Mode}
    assert detect(wire) is mode


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\nPAPP 02990 .\r", id="wrong check character"),
        pytest.param(b"\nVTIC\t02\t\r", id="no check character"),
        pytest.param(b"\nPAPP 02990  \r", id="a space for a check character that is another"),
        pytest.param(b"\nP 1  \r", id="too short"),
        pytest.param(b"\n\0\0\0\0 \0 \x20\r", id="control characters"),
        pytest.param(b"\x02\n\r\x03\x04\n\n\r\r", id="ends only"),
    ],
)
def test_what_is_not_a_valid_line_counts_for_nothing(line):
    assert count_valid(line) == {HISTORIQUE: 0, STANDARD: 0}
    assert detect(line) is None


def test_a_damaged_line_is_never_one_of_the_other_mode():
    """A reader that tried both rules on a line would change its mode at a damaged line: the two sums often agree."""
    for mode, frame in FRAMES.items():
        other = next(m for m in Mode if m is not mode)
        for group in frame.groups:
            line = write_group(group, mode)
            for at in range(len(line)):
                for bit in range(7):
                    damaged = line[:at] + bytes([line[at] ^ 1 << bit]) + line[at + 1 :]
                    assert count_valid(damaged)[other] == 0, damaged


def test_a_single_line_is_enough_for_a_file_that_holds_no_more():
    assert detect(b"PTEC HP..  ") is HISTORIQUE
    assert detect(b"VTIC\t02\tJ\r\n") is STANDARD


def test_the_majority_decides_in_a_mixed_file():
    assert detect(WIRE[STANDARD] + write_group(FRAMES[HISTORIQUE].groups[0], HISTORIQUE)) is STANDARD


@given(st.binary(max_size=2000))
def test_no_bytes_make_the_detection_fail(sample):
    assert detect(sample) in (None, *Mode)


@pytest.mark.captures
@pytest.mark.skipif(
    "LINKYMONITOR_CAPTURES" not in os.environ, reason="LINKYMONITOR_CAPTURES does not name the captures"
)
def test_real_captures_are_recognised():
    folder = Path(os.environ["LINKYMONITOR_CAPTURES"])
    rows = (folder / "INDEX.tsv").read_text().splitlines()
    names = rows[0].split("\t")
    seen = 0
    for row in rows[1:]:
        about = dict(zip(names, row.split("\t"), strict=False))
        sample = (folder / about["file"]).read_bytes()
        assert detect(sample).value == about["mode"], about["file"]
        lines = sum(count_valid(sample).values())
        # INDEX.tsv counts the lines that the ends of the file cut apart, as partial.
        assert 0 <= lines - int(about["lines_ok"]) <= int(about["partial"]), about["file"]
        seen += 1
    assert seen


class Wire:
    """A meter, a port whose speed the hunter sets, and a clock that the bytes move."""

    def __init__(self, mode: Mode, speed: int, /, **wanted) -> None:
        self.mode, self.speed = mode, speed
        self.now = 1000.0
        self.hunter = Hunter(self.now, **wanted)
        self.changes: list[tuple[float, Mode | None, int]] = []

    def run(
        self, seconds: float, *, silent: bool = False, noise: bytes | None = None, piece: int = 16
    ) -> None:
        """Let the meter send for *seconds*, *piece* bytes at a time."""
        end = self.now + seconds
        while self.now < end:
            wire = WIRE[self.mode] if noise is None else noise
            for at in range(0, len(wire), piece):
                sent = wire[at : at + piece]
                self.now += len(sent) * 10 / self.speed
                chunk = b"" if silent else heard(sent, self.speed, self.hunter.speed)
                if self.hunter.feed(chunk, self.now):
                    self.changes.append((self.now - 1000, self.hunter.mode, self.hunter.speed))
                if self.now >= end:
                    return


@pytest.mark.parametrize(
    ("mode", "speed", "wanted", "steps"),
    [
        pytest.param(STANDARD, 9600, {}, [(STANDARD, 9600)], id="standard"),
        pytest.param(HISTORIQUE, 1200, {}, [(None, 1200), (HISTORIQUE, 1200)], id="historique"),
        pytest.param(HISTORIQUE, 9600, {}, [(HISTORIQUE, 9600)], id="dongle that changes the speed"),
        pytest.param(HISTORIQUE, 1200, {"mode": HISTORIQUE}, [(HISTORIQUE, 1200)], id="told the mode"),
        pytest.param(
            HISTORIQUE,
            9600,
            {"mode": HISTORIQUE},
            [(None, 9600), (HISTORIQUE, 9600)],
            id="told the mode, at the speed of the other",
        ),
        pytest.param(HISTORIQUE, 1200, {"speed": 1200}, [(HISTORIQUE, 1200)], id="told the speed"),
        pytest.param(
            STANDARD,
            19200,
            {"mode": STANDARD, "speed": 19200},
            [(STANDARD, 19200)],
            id="told a speed of its own",
        ),
    ],
)
@pytest.mark.parametrize("piece", [1, 16, 65536])
def test_the_hunter_finds_the_meter(mode, speed, wanted, steps, piece):
    wire = Wire(mode, speed, **wanted)
    wire.run(10, piece=piece)
    assert [(mode, speed) for _, mode, speed in wire.changes] == steps
    assert wire.changes[-1][0] < TRY * len(steps)
    wire.run(60, piece=piece)
    assert len(wire.changes) == len(steps)


def test_the_decoder_can_start_from_what_the_hunt_heard():
    wire = Wire(STANDARD, 9600)
    wire.run(0.5)
    assert wire.hunter.mode is STANDARD
    assert WIRE[STANDARD].startswith(wire.hunter.sample)
    assert count_valid(wire.hunter.sample)[STANDARD] >= ENOUGH


def test_what_the_hunt_keeps_is_bounded():
    hunter = Hunter(0.0)
    for _ in range(2000):
        hunter.feed(b"\xff" * 1000, 0.0)
    assert len(hunter.sample) < 10_000


@pytest.mark.parametrize("speed", [1200, 9600])
def test_garbage_is_never_locked_on_and_both_speeds_are_tried_in_turn(speed):
    noise = random.Random(7).randbytes(60_000)
    wire = Wire(STANDARD, speed)
    wire.run(61, noise=noise)
    assert {mode for _, mode, _ in wire.changes} == {None}
    assert [speed for *_, speed in wire.changes] == [1200, 9600] * 5
    assert wire.changes[0][0] == pytest.approx(TRY, abs=0.2)


def test_a_silent_line_is_hunted_at_both_speeds_too():
    wire = Wire(STANDARD, 9600)
    wire.run(13, silent=True)
    assert [speed for *_, speed in wire.changes] == [1200, 9600]


def test_a_fixed_speed_stays():
    wire = Wire(STANDARD, 9600, speed=1200)
    wire.run(30)
    assert wire.changes == []


def test_a_mode_that_is_not_wanted_is_not_locked_on():
    wire = Wire(STANDARD, 9600, mode=HISTORIQUE, speed=9600)
    wire.run(1)
    assert wire.hunter.mode is None


def test_the_hunter_does_not_lock_while_lines_of_both_modes_are_valid():
    hunter = Hunter(0.0)
    hunter.feed(write_group(InfoGroup("VTIC", "02"), STANDARD), 0.0)
    assert not hunter.feed(WIRE[HISTORIQUE], 1.0)
    assert not hunter.feed(b"", TRY - 0.1)
    assert hunter.feed(b"", TRY)  # the next try starts afresh
    assert hunter.feed(WIRE[HISTORIQUE], TRY + 1)
    assert hunter.mode is HISTORIQUE


@pytest.mark.parametrize(
    ("before", "after"), [(HISTORIQUE, STANDARD), (STANDARD, HISTORIQUE)], ids=["to standard", "and back"]
)
@pytest.mark.parametrize("second", [0.0, 0.3, 0.77, 1.5])
def test_a_meter_that_is_switched_to_its_other_mode_is_followed_within_30_s(before, after, second):
    wire = Wire(before, before.speed)
    wire.run(20 + second)
    switched = wire.now - 1000
    found = len(wire.changes)
    wire.mode, wire.speed = after, after.speed
    wire.run(40)
    (lost, *nothing), (locked, *at) = wire.changes[found:]
    assert nothing == [None, after.speed]
    assert at == [after, after.speed]
    assert LOST - 1.1 <= lost - switched <= LOST + 1.1
    assert locked - switched <= 15


def test_a_dongle_that_keeps_its_speed_through_the_switch_is_followed_too():
    wire = Wire(HISTORIQUE, 9600)
    wire.run(5)
    wire.mode = STANDARD
    wire.run(30)
    assert wire.changes[-1][1:] == (STANDARD, 9600)


def test_a_cable_that_is_put_back_is_found_again():
    wire = Wire(HISTORIQUE, 1200)
    wire.run(20)
    wire.run(3600, silent=True)
    assert wire.hunter.mode is None
    back = wire.now
    wire.run(15)
    assert wire.hunter.mode is HISTORIQUE
    assert wire.changes[-1][0] - (back - 1000) <= 2 * TRY + 2


def test_one_valid_line_in_nine_seconds_keeps_the_lock():
    hunter = Hunter(0.0)
    assert hunter.feed(WIRE[STANDARD], 0.0)
    line = write_group(InfoGroup("VTIC", "02"), STANDARD)
    for now in range(9, 900, 9):
        assert not hunter.feed(line, float(now))
        assert hunter.deadline == now + LOST
    assert hunter.mode is STANDARD
    assert hunter.feed(b"", 891 + LOST)
    assert hunter.mode is None


def test_lines_of_the_other_mode_do_not_keep_the_lock():
    hunter = Hunter(0.0, speed=9600)
    hunter.feed(WIRE[HISTORIQUE], 0.0)
    assert not hunter.feed(WIRE[STANDARD], 5.0)
    assert hunter.feed(WIRE[STANDARD], LOST)
    assert hunter.mode is None


@given(
    chunks=st.lists(st.tuples(st.binary(max_size=40), st.floats(0, 3)), max_size=60),
    mode=st.sampled_from([None, *Mode]),
    speed=st.sampled_from([None, 1200]),
)
def test_no_bytes_make_the_hunter_fail(chunks, mode, speed):
    now = 0.0
    hunter = Hunter(now, mode=mode, speed=speed)
    for chunk, wait in chunks:
        now += wait
        before = hunter.mode, hunter.speed
        assert hunter.feed(chunk, now) == (before != (hunter.mode, hunter.speed))
        assert hunter.deadline > now
