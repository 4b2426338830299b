"""quarantine.log: the newest groups that were held back, in one small file that is seldom written."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from linkymonitor import cli
from linkymonitor.meter.acceptance.frame import Held
from linkymonitor.meter.acceptance.judge import CROSS, DOMAIN, INDEX, METER
from linkymonitor.meter.quarantine import Quarantine
from linkymonitor.meter.quarantine_file import EVERY, FILE_NAME, KEPT
from linkymonitor.model.terms import Mode
from linkymonitor.simulator.house import House
from linkymonitor.simulator.options import parse_spec
from linkymonitor.system.disk import SystemDisk
from linkymonitor.system.storage import Storage
from linkymonitor.tic.decoder import FrameDecoder
from linkymonitor.tic.encoder import write_frame, write_group
from linkymonitor.tic.frame import InfoGroup

NOON = datetime(2027, 1, 13, 12, 0, 0, tzinfo=UTC)
METER_NUMBER = "041876543210"


def held(data: str = "09999", label: str = "PAPP", cause: str = CROSS, mode: Mode = Mode.HISTORIQUE) -> Held:
    return Held(write_group(InfoGroup(label, data), mode)[1:-1], label, data, cause)


class CountingDisk(SystemDisk):
    """The real disk; ``renames`` counts the files put in place, ``full`` refuses what is written."""

    def __init__(self) -> None:
        self.renames = 0
        self.full = False

    def write(self, descriptor: int, data: bytes) -> int:
        if self.full:
            raise OSError(28, "No space left on device")
        return super().write(descriptor, data)

    def rename(self, source: str, target: str) -> None:
        self.renames += 1
        super().rename(source, target)


@pytest.fixture
def disk() -> CountingDisk:
    return CountingDisk()


@pytest.fixture
def quarantine(disk, tmp_path) -> Quarantine:
    return Quarantine(Storage(disk), tmp_path)


def lines(folder: Path) -> list[str]:
    return (folder / FILE_NAME).read_text("ascii").splitlines()


def test_a_line_is_when_why_and_what(quarantine, tmp_path):
    quarantine.hold([held(), held("00000XYZ0", "EJPHN", DOMAIN)], NOON, 5.0)
    quarantine.close()
    first, second = lines(tmp_path)
    assert re.fullmatch(r"2027/01/13 12:00:00\tcross\tPAPP 09999 .", first)
    assert second.startswith("2027/01/13 12:00:00\tdomain\tEJPHN 00000XYZ0 ")


def test_the_tabs_of_standard_mode_part_no_columns(quarantine, tmp_path):
    quarantine.hold([held("09999", "SINSTS", mode=Mode.STANDARD)], NOON, 5.0)
    quarantine.close()
    (line,) = lines(tmp_path)
    assert line.count("\t") == 2
    assert "\tSINSTS 09999 " in line


@pytest.mark.parametrize(("label", "mode"), [("ADCO", Mode.HISTORIQUE), ("ADSC", Mode.STANDARD)])
def test_a_meter_number_is_masked(quarantine, tmp_path, label, mode):
    quarantine.hold([held(METER_NUMBER, label, METER, mode)], NOON, 5.0)
    quarantine.close()
    text = (tmp_path / FILE_NAME).read_text()
    assert label in text
    assert not re.search(r"\d{4}(?!/)", text.partition("\t")[2])


@pytest.mark.parametrize("check", "0123456789", ids="check {}".format)
def test_a_value_is_shown_whole_though_its_check_character_is_a_digit(quarantine, tmp_path, check):
    quarantine.hold([Held(f"EAST\t000123456\t{check}".encode(), "EAST", "000123456", INDEX)], NOON, 5.0)
    quarantine.close()
    assert lines(tmp_path)[0].endswith(f"\tEAST 000123456 {check}")


def test_no_line_holds_a_character_that_a_terminal_obeys(quarantine, tmp_path):
    quarantine.hold([Held(b"MSG1\t\x1b[2J\x7f\x9b0m\tA", "MSG1", "\x1b[2J", DOMAIN)], NOON, 5.0)
    quarantine.close()
    assert lines(tmp_path)[0].endswith("\tMSG1 \\u001b[2J\\u007f\\u009b0m A")


def test_nothing_held_is_no_file(quarantine, disk, tmp_path):
    quarantine.hold([], NOON, 5.0)
    assert quarantine.tick(1e6) == math.inf
    quarantine.close()
    assert list(tmp_path.iterdir()) == []
    assert disk.renames == 0


def test_it_is_written_ten_minutes_after_the_first_and_not_before(quarantine, disk, tmp_path):
    quarantine.hold([held()], NOON, 100.0)
    assert quarantine.tick(100.0) == 100.0 + EVERY
    quarantine.hold([held(label="IINST")], NOON, 400.0)
    assert quarantine.tick(99.9 + EVERY) == 100.0 + EVERY
    assert not (tmp_path / FILE_NAME).exists()
    assert quarantine.tick(100.0 + EVERY) == math.inf
    assert len(lines(tmp_path)) == 2
    assert disk.renames == 1
    quarantine.close()
    assert disk.renames == 1, "all of it was written"


def test_a_day_of_a_bad_cable_is_a_write_each_ten_minutes(quarantine, disk):
    for second in range(86_400):
        quarantine.hold([held()], NOON, float(second))
        quarantine.tick(float(second))
    assert disk.renames <= 86_400 / EVERY


def test_close_writes_what_waits(quarantine, disk, tmp_path):
    quarantine.hold([held()], NOON, 5.0)
    quarantine.close()
    quarantine.close()
    assert len(lines(tmp_path)) == 1
    assert disk.renames == 1


def test_the_newest_lines_are_kept_and_the_file_stays_small(quarantine, tmp_path):
    for number in range(3 * KEPT):
        quarantine.hold([held(f"{number:05d}")], NOON + timedelta(hours=number), float(number))
    quarantine.close()
    found = [line.split("PAPP ")[1][:5] for line in lines(tmp_path)]
    assert found == [f"{number:05d}" for number in range(2 * KEPT, 3 * KEPT)]
    assert (tmp_path / FILE_NAME).stat().st_size < 100 * KEPT


def test_a_restart_keeps_the_old_lines_before_the_new(disk, tmp_path):
    for number in range(3):
        life = Quarantine(Storage(disk), tmp_path)
        for hour in range(200):
            life.hold([held(f"{number:05d}")], NOON + timedelta(days=10 * number, hours=hour), 5.0)
        life.close()
    found = [line.split("PAPP ")[1][:5] for line in lines(tmp_path)]
    assert found == ["00000"] * (KEPT - 400) + ["00001"] * 200 + ["00002"] * 200


def test_what_a_meter_sends_for_ever_is_kept_once_an_hour_and_counted(quarantine, tmp_path):
    quarantine.hold([held("00041", "IINST")], NOON - timedelta(days=1), 0.0)
    for second in range(2 * 3600):
        absurd = [held("48370", label, DOMAIN, Mode.STANDARD) for label in ("SINSTS1", "SINSTS2")]
        quarantine.hold(absurd, NOON + timedelta(seconds=second), float(second))
    quarantine.hold([held("09999", "SINSTS1", CROSS, Mode.STANDARD)], NOON + timedelta(hours=1), 7200.0)
    quarantine.close()
    found = [line.split("\t") for line in lines(tmp_path)]
    assert [(one[0][11:], one[1], one[2].split()[0], one[3:]) for one in found] == [
        ("12:00:00", "cross", "IINST", []),
        ("12:00:00", "domain", "SINSTS1", ["+3599"]),
        ("12:00:00", "domain", "SINSTS2", ["+3599"]),
        ("13:00:00", "domain", "SINSTS1", ["+3599"]),
        ("13:00:00", "domain", "SINSTS2", ["+3599"]),
        ("13:00:00", "cross", "SINSTS1", []),
    ]


def test_a_restart_keeps_what_was_counted(disk, tmp_path):
    life = Quarantine(Storage(disk), tmp_path)
    life.hold([held()] * 42, NOON, 5.0)
    life.close()
    before = lines(tmp_path)
    life = Quarantine(Storage(disk), tmp_path)
    life.hold([held()], NOON, 5.0)
    life.close()
    assert before[0].endswith("\t+41")
    assert lines(tmp_path)[:-1] == before


def test_a_line_that_was_removed_from_the_file_while_acquire_runs_does_not_come_back(quarantine, tmp_path):
    for day in range(3):
        quarantine.hold([held()], NOON + timedelta(days=day), 5.0)
    assert quarantine.tick(5.0 + EVERY) == math.inf
    kept = lines(tmp_path)[-1]
    Storage().replace(tmp_path / FILE_NAME, f"{kept}\n".encode())
    quarantine.hold([held(label="IINST")], NOON + timedelta(days=2, seconds=1), 1000.0)
    quarantine.hold([held()], NOON + timedelta(days=2, seconds=2), 1001.0)
    quarantine.close()
    grown, new = lines(tmp_path)
    assert grown == f"{kept}\t+1"
    assert new.startswith("2027/01/15 12:00:01\tcross\tIINST")


def test_a_line_that_was_counted_further_after_its_removal_does_not_come_back(quarantine, tmp_path):
    quarantine.hold([held()], NOON, 5.0)
    quarantine.tick(5.0 + EVERY)
    (tmp_path / FILE_NAME).unlink()
    quarantine.hold([held(), held(label="IINST")], NOON + timedelta(minutes=11), 700.0)
    quarantine.close()
    (line,) = lines(tmp_path)
    assert "IINST" in line


def test_a_card_that_refuses_costs_nothing_and_is_tried_again(quarantine, disk, tmp_path):
    disk.full = True
    quarantine.hold([held()], NOON, 0.0)
    assert quarantine.tick(EVERY) == 2 * EVERY
    quarantine.hold([held(label="IINST")], NOON, EVERY + 1)
    quarantine.close()
    disk.full = False
    assert quarantine.tick(2 * EVERY) == math.inf
    assert len(lines(tmp_path)) == 2
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_a_line_that_a_card_has_refused_for_nearly_a_day_is_dropped(quarantine, disk, tmp_path):
    disk.full = True
    quarantine.hold([held()], NOON, 0.0)
    quarantine.hold([held(label="IINST")], NOON + timedelta(hours=1), 3600.0)
    for now in range(0, 86_400, 600):
        quarantine.tick(float(now))
    disk.full = False
    quarantine.tick(86_400.0)
    (line,) = lines(tmp_path)
    assert "IINST" in line


def test_a_damaged_file_costs_the_lines_that_are_damaged(disk, tmp_path):
    life = Quarantine(Storage(disk), tmp_path)
    life.hold([held(f"{number:05d}", f"L{number}") for number in range(50)], NOON, 5.0)
    life.close()
    path, dice = tmp_path / FILE_NAME, Random(3)
    whole = path.read_bytes()
    sound = set(whole.decode().splitlines())
    for _ in range(200):
        hurt = bytearray(whole)
        kind = dice.randrange(3)
        at = dice.randrange(len(hurt))
        if kind == 0:
            del hurt[at:]
        elif kind == 1:
            hurt[at : at + dice.randrange(1, 90)] = bytes(dice.randrange(1, 90))
        else:
            hurt[at : at + 9] = dice.randbytes(9)
        path.write_bytes(hurt)
        life = Quarantine(Storage(disk), tmp_path)
        life.hold([held("77777")], NOON, 5.0)
        life.close()
        found = lines(tmp_path)
        assert "77777" in found[-1]
        left = [line for line in hurt[: hurt.rfind(b"\n") + 1].decode("latin-1").split("\n") if line in sound]
        assert [line for line in found[:-1] if line in sound] == left
        # What nine random bytes have made of a line, or of two, may still look like one.
        assert len(found) - 1 - len(left) <= 2


@pytest.mark.parametrize("junk", [b"", b"\0" * 9000, b"\n" * 9000, b"x" * 5_000_000, b"\xff\t\t\n" * 1000])
def test_what_is_no_file_of_ours_is_replaced(disk, tmp_path, junk):
    (tmp_path / FILE_NAME).write_bytes(junk)
    life = Quarantine(Storage(disk), tmp_path)
    life.hold([held()], NOON, 5.0)
    life.close()
    assert len(lines(tmp_path)) == 1


def test_a_folder_in_its_place_stops_nobody(disk, tmp_path):
    (tmp_path / FILE_NAME).mkdir()
    life = Quarantine(Storage(disk), tmp_path)
    life.hold([held()], NOON, 5.0)
    life.tick(1e6)
    life.close()
    assert len(lines(tmp_path)) == 1, "storage sets aside what is in the way"


def stream(**lie: str) -> bytes:
    """Return two minutes of an EJP meter; the twentieth frame says *lie* with right checksums."""
    options = parse_spec("historique,ejp,seed=3,day=2027-01-13,at=12:00")
    wires = [wire for _, wire in House(options).frames(options.start + timedelta(minutes=2))]
    (frame,) = FrameDecoder(Mode.HISTORIQUE).feed(wires[20])
    groups = tuple(group._replace(data=lie.get(group.label, group.data)) for group in frame.groups)
    wires[20] = write_frame(frame._replace(groups=groups), Mode.HISTORIQUE, parity=True)
    return b"".join(wires)


def acquire(folder: Path, data: bytes) -> Path:
    (folder / "meter.tic").write_bytes(data)
    (folder / "ini").write_text(f"[general]\nruntime_dir = {folder / 'run'}\n")
    words = ["acquire", "-c", folder / "ini", "-i", folder / "meter.tic", "--log-dir", folder / "log"]
    assert cli.main([str(word) for word in (*words, "--at", "2027-01-13T12:00:00+01:00")]) == 0
    return folder / "log"


def test_acquire_leaves_no_quarantine_when_nothing_was_held(tmp_path):
    log = acquire(tmp_path, stream())
    assert [path.name for path in log.iterdir() if path.suffix == ".log"] == ["2027_01_13_linkymonitor.log"]


def test_acquire_puts_a_lie_aside_and_the_log_counts_it(tmp_path):
    log = acquire(tmp_path, stream(ADCO=METER_NUMBER))
    (line,) = lines(log)
    assert line.startswith("2027/01/13 11:00:")
    assert line.split("\t")[1] == METER
    assert METER_NUMBER[:-3] not in line
    text = (log / "2027_01_13_linkymonitor.log").read_text()
    assert sum(map(int, re.findall(r"Rejets=(\d+)", text))) == 1
    assert text.count("Contrat:") == 1
