"""Summaries are kept as long as they say what the log says, and never trusted when they may not."""

from __future__ import annotations

import gzip
import json
import random
import zlib
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

import pytest

from linkymonitor.errors import StorageError
from linkymonitor.summaries.day import (
    Break,
    DaySummary,
    InjectedEnergy,
    LogSpan,
    PhaseExtremes,
    Silence,
    TermChange,
)
from linkymonitor.summaries.line import Line, format_line, parse_line
from linkymonitor.summaries.store import FOLDER, Store
from linkymonitor.system.storage import Storage
from tests.support.crash_model import CrashDisk, PowerCut, cut_at

DAY = date(2026, 2, 20)
ONE = timedelta(days=1)
PARIS = "Europe/Paris"


def summary(day: date = DAY, **changes: object) -> DaySummary:
    start = 1771542000 + 86400 * (day - DAY).days
    made = DaySummary(
        date=day,
        timezone=PARIS,
        start=start,
        end=start + 86400,
        until=start + 86400,
        option="EJP",
        subscribed_kva=9,
        phases=3,
        producer=False,
        mode="historique",
        half_hours={"HN": tuple(range(48)), "PM": (0,) * 48},
        unread=("PM",),
        injected=InjectedEnergy(900, 850, 960, estimated=True, at_least=True),
        injected_half_hours=(0,) * 47 + (900,),
        midnight={"HN": 688322, "total": 768394},
        peak_va=6230,
        peak_at=start + 70000,
        base_load_va=180,
        base_watts_low=120,
        base_watts_high=130,
        coverage=0.998,
        records=7120,
        frames=56960,
        rejected=14,
        gaps=(Silence(start + 10, start + 900, None),),
        by_phase=(PhaseExtremes(228, 231.25, 236, 2.5, 9), PhaseExtremes()),
        breaks=(Break(start + 40000, contract_changed=True),),
        changes=(TermChange(start + 40000, "subscribed_power", 6000, 9000),),
        ejp=True,
        colour="blue",
        partial=True,
        log=LogSpan(day - ONE, day),
    )
    return made._replace(**changes)  # type: ignore[arg-type]


def path_of(folder: Path, day: date) -> Path:
    return folder / f"{day:%Y_%m_%d}_linkymonitor.log"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A log of five days around DAY."""
    for days in range(-3, 2):
        day = DAY + days * ONE
        path_of(tmp_path, day).write_text(f"the log of {day}\n")
    return tmp_path


def store(folder: Path, timezone: str = PARIS) -> Store:
    return Store(folder, timezone, Storage())


def kept(folder: Path, *days: DaySummary) -> Path:
    """Write *days* as one report does, and return the file of the month."""
    store(folder).write(days or (summary(),))
    return folder / FOLDER / "2026-02.jsonl"


def test_what_is_written_is_read_again(folder):
    kept(folder, summary(), summary(DAY - ONE))
    assert store(folder).read() == {DAY - ONE: summary(DAY - ONE), DAY: summary()}


@pytest.mark.parametrize("half_hours", [46, 50])
def test_a_day_with_a_clock_change_is_read_again(folder, half_hours):
    changed = summary(
        end=summary().start + 1800 * half_hours,
        until=summary().start + 1800 * half_hours,
        half_hours={"TH": (100,) * half_hours},
        injected=None,
        injected_half_hours=None,
    )
    kept(folder, changed)
    assert store(folder).read() == {DAY: changed}


def test_a_line_that_lacks_a_half_hour_is_none():
    short = summary(half_hours={"TH": (100,) * 47})
    assert parse_line(format_line(Line(short, {})), PARIS) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"half_hours": {"HN": ("7",) * 48}},
        {"half_hours": {"HN": (-7,) * 48}},
        {"half_hours": {"HN": (1.5,) * 48}},
        {"injected_half_hours": ("0",) * 48},
        {"midnight": {"HN": "688322"}},
        {"coverage": "0.9"},
        {"coverage": None},
        {"peak_va": [6230]},
        {"subscribed_kva": "9"},
        {"base_watts_low": "120"},
        {"records": None},
        {"barely": "no"},
        {"gaps": (("one", "two", 3),)},
        {"by_phase": (("low", 230.0, 240.0, 1.0, 2.0),)},
        {"changes": (("yesterday", "power", 6, 9),)},
        {"breaks": (("yesterday", True),)},
        {"injected": ("900", 850, 960, True, True)},
    ],
    ids=str,
)
def test_a_whole_line_with_values_of_another_kind_is_none(wrong):
    assert parse_line(format_line(Line(summary(**wrong), {})), PARIS) is None


@pytest.mark.parametrize("change", [{"wind_ms": 3}, {"coverage": None, "wind_ms": 3}], ids=str)
def test_a_whole_line_with_a_figure_of_another_program_is_none(change):
    row = {**json.loads(format_line(Line(summary(), {}))), **change}
    del row["crc"]
    body = json.dumps(row, separators=(",", ":")).encode()[:-1]
    assert parse_line(body + b',"crc":"%08x"}' % zlib.crc32(body), PARIS) is None


def test_a_day_of_a_log_that_cannot_be_read_is_not_kept(folder):
    path = path_of(folder, DAY)
    path.unlink()
    path.mkdir()
    kept(folder)
    assert store(folder).read() == {}


def test_only_the_days_asked_for_are_read(folder):
    kept(folder, summary(), summary(DAY - ONE))
    assert list(store(folder).read(DAY, DAY)) == [DAY]
    assert store(folder).read(DAY + ONE, DAY + 40 * ONE) == {}


def test_a_day_that_may_still_change_is_not_kept(folder):
    so_far = summary(until=summary().end - 1)
    last = summary(DAY - ONE, log=LogSpan(DAY - 2 * ONE, None))
    file = kept(folder, so_far, last)
    assert not file.exists()
    assert store(folder).read() == {}


def test_a_later_write_keeps_the_other_days(folder):
    kept(folder, summary(DAY - ONE))
    kept(folder, summary())
    kept(folder, summary(records=1))
    assert store(folder).read() == {DAY - ONE: summary(DAY - ONE), DAY: summary(records=1)}


def test_each_line_is_json_in_the_order_of_days(folder):
    file = kept(folder, summary(), summary(DAY - ONE))
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert [row["date"] for row in rows] == ["2026-02-19", "2026-02-20"]
    assert rows[0]["half_hours"]["HN"][47] == 47


def test_a_line_that_is_cut_anywhere_is_none(folder):
    text = format_line(Line(summary(), {}))
    assert parse_line(text, PARIS) == Line(summary(), {})
    for length in range(len(text)):
        assert parse_line(text[:length], PARIS) is None
        assert parse_line(text[length + 1 :], PARIS) is None


def test_a_line_with_a_wrong_byte_is_none(folder):
    text = format_line(Line(summary(), {}))
    for at in range(len(text)):
        for wrong in (text[at] ^ 1, 0, 0x39):
            damaged = text[:at] + bytes([wrong]) + text[at + 1 :]
            assert damaged == text or parse_line(damaged, PARIS) is None


def test_a_torn_file_loses_the_torn_line_alone(folder):
    file = kept(folder, summary(), summary(DAY - ONE))
    file.write_bytes(file.read_bytes()[:-9])
    assert list(store(folder).read()) == [DAY - ONE]
    kept(folder, summary())
    assert list(store(folder).read()) == [DAY - ONE, DAY]
    assert file.read_bytes().count(b"\n") == 2


@pytest.mark.parametrize(
    "content",
    [b"", b"\n\n", b"\0" * 5000, b"[1, 2]\n", b"x" * 5_000_000, b'{"v":1}\n', b'{"v":1,"crc":"00000000"}\n'],
)
def test_a_foreign_file_says_nothing_and_is_replaced(folder, content):
    file = kept(folder)
    file.write_bytes(content)
    assert store(folder).read() == {}
    kept(folder)
    assert list(store(folder).read()) == [DAY]


def test_a_line_of_another_version_is_made_again(folder, monkeypatch):
    from linkymonitor.summaries import line

    monkeypatch.setattr(line, "VERSION", line.VERSION + 1)
    kept(folder)
    monkeypatch.undo()
    assert store(folder).read() == {}
    kept(folder)
    assert list(store(folder).read()) == [DAY]


def test_days_of_another_time_zone_are_no_days_here(folder):
    file = kept(folder, summary(), summary(DAY - ONE))
    assert store(folder, "America/Martinique").read() == {}
    kept(folder, summary(timezone="America/Martinique"))
    # Of the other day there is nothing better: it stays, in case its log is gone.
    assert list(store(folder).read()) == [DAY - ONE]
    assert file.read_bytes().count(b"\n") == 2


def test_a_log_that_was_compressed_has_the_same_summaries(folder):
    kept(folder)
    for day in (DAY - ONE, DAY):
        for _ in Storage().compress_steps(path_of(folder, day)):
            pass
    assert list(store(folder).read()) == [DAY]


def test_a_log_that_was_healed_has_no_summary(folder):
    kept(folder)
    path = path_of(folder, DAY)
    path.write_bytes(path.read_bytes()[:-3])
    assert store(folder).read() == {}


def test_a_log_that_was_edited_has_no_summary(folder):
    kept(folder)
    path = path_of(folder, DAY - ONE)
    path.write_bytes(path.read_bytes().replace(b"log", b"lug"))
    assert store(folder).read() == {}


def test_another_compressed_log_has_no_summary(folder):
    kept(folder)
    path = path_of(folder, DAY)
    path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes() + b"more\n"))
    path.unlink()
    assert store(folder).read() == {}


def test_a_log_that_came_back_makes_the_summary_anew(folder):
    path = path_of(folder, DAY - ONE)
    content = path.read_bytes()
    path.unlink()
    kept(folder)
    assert list(store(folder).read()) == [DAY]
    path.with_name(path.name + ".gz").write_bytes(gzip.compress(content))
    assert store(folder).read() == {}


def test_the_first_day_is_made_anew_when_an_older_log_comes_back(folder):
    oldest = DAY - 3 * ONE
    kept(folder, summary(oldest, log=LogSpan(None, oldest)), summary())
    assert list(store(folder).read()) == [oldest, DAY]
    path_of(folder, oldest - 400 * ONE).write_text("older\n")
    assert list(store(folder).read()) == [DAY]


def test_a_silent_day_is_made_anew_when_a_log_within_the_silence_comes_back(folder):
    path = path_of(folder, DAY)
    content = path.read_bytes()
    path.unlink()
    silent = summary(silent=True, log=LogSpan(DAY - ONE, DAY + ONE))
    kept(folder, silent)
    assert store(folder).read() == {DAY: silent}
    path.write_bytes(content)
    assert store(folder).read() == {}


def test_a_file_of_the_forerunner_counts_for_its_day_and_the_next(folder):
    kept(folder)
    (folder / f"{DAY - 3 * ONE:%Y_%m_%d}_LinkyAcq.pl.log").write_text("too old\n")
    assert list(store(folder).read()) == [DAY]
    (folder / f"{DAY - 2 * ONE:%Y_%m_%d}_LinkyAcq.pl.log").write_text("its last line is of the next day\n")
    assert store(folder).read() == {}


def test_summaries_outlive_the_log(folder):
    kept(folder, summary(), summary(DAY - ONE))
    for path in folder.glob("*.log"):
        path.unlink()
        assert list(store(folder).read()) == [DAY - ONE, DAY]


def test_a_file_that_grows_after_the_day_leaves_its_summary_as_it_is(folder):
    file = kept(folder)
    path = path_of(folder, DAY)
    with path.open("a") as log:
        log.write("2026/02/20 23:00:12\tDATA\tof the next day\n")
    reader = store(folder)
    assert list(reader.read()) == [DAY]
    # The summary is written again with the fingerprint of the longer file, which compressing then keeps.
    before = file.read_bytes()
    reader.write([])
    assert file.read_bytes() != before
    for _ in Storage().compress_steps(path):
        pass
    assert list(store(folder).read()) == [DAY]


@pytest.mark.parametrize("stamp", ["2026/02/20 22:59:59", "2026/02/20 23:00:00", "", "2026/02/19 08:00:00"])
def test_a_line_that_a_wrong_clock_adds_to_the_day_makes_it_anew(folder, stamp):
    kept(folder)
    with path_of(folder, DAY).open("a") as log:
        log.write(f"2026/02/20 23:00:12\tDATA\tof the next day\n{stamp}\tDATA\tof the day\n")
    assert store(folder).read() == {}


def test_nothing_is_written_when_nothing_is_new(folder):
    file = kept(folder)
    before = file.stat()
    kept(folder)
    assert file.stat() == before


@pytest.mark.parametrize("make", [Path.touch, Path.mkdir], ids=["file", "folder"])
def test_what_stands_in_the_place_of_the_files_says_nothing(folder, make):
    place = folder / FOLDER if make is Path.touch else folder / FOLDER / "2026-02.jsonl"
    place.parent.mkdir(exist_ok=True)
    make(place)
    assert store(folder).read() == {}


def test_a_place_that_cannot_be_written_raises(folder):
    (folder / FOLDER).touch()
    with pytest.raises(StorageError, match="summaries"):
        store(folder).write([summary()])


def test_a_power_cut_leaves_the_old_summaries_or_the_new_ones():
    log = {str(path_of(Path("/log"), DAY + days * ONE)): b"log\n" for days in (-2, -1, 0)}
    disk = CrashDisk(log)
    Store(Path("/log"), PARIS, Storage(disk)).write([summary(DAY - ONE)])
    settled = disk.content()
    disk = CrashDisk(settled)
    Store(Path("/log"), PARIS, Storage(disk)).write([summary()])
    cuts = disk.calls
    seen = set()
    for number in range(cuts + 1):
        disk = CrashDisk(settled, cut_at(number))
        with suppress(PowerCut):
            Store(Path("/log"), PARIS, Storage(disk)).write([summary()])
        for seed in range(6):
            left = CrashDisk(disk.crash(random.Random(seed)))
            found = Store(Path("/log"), PARIS, Storage(left)).read()
            assert found[DAY - ONE] == summary(DAY - ONE)
            seen.add(tuple(found))
    assert seen == {(DAY - ONE,), (DAY - ONE, DAY)}


def test_of_two_reports_at_once_each_leaves_whole_lines(folder):
    one, other = store(folder), store(folder)
    one.read(), other.read()
    one.write([summary(DAY - ONE)])
    other.write([summary()])
    assert list(store(folder).read()) == [DAY - ONE, DAY]
