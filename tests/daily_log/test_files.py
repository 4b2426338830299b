"""What a range of a log directory says, whatever its files are."""

from __future__ import annotations

import gzip
import resource
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from linkymonitor.daily_log.columns import Columns
from linkymonitor.daily_log.files import Statistics, batches, entries, file_of, files, records
from linkymonitor.daily_log.line import STAMP
from linkymonitor.daily_log.section import Settings as LogSettings
from linkymonitor.daily_log.writer import DailyLog
from linkymonitor.system.storage import Storage
from tests.support.logs import (
    ALWAYS,
    EJP,
    START,
    TODAY,
    data_line,
    days,
    feed,
    forerunner_line,
    read,
    record,
)


def test_a_range_holds_its_start_and_not_its_end(tmp_path):
    file_of(tmp_path, TODAY).write_bytes(
        b"".join(data_line(START + timedelta(seconds=n), n) for n in range(10))
    )
    assert read(tmp_path, START + timedelta(seconds=3), START + timedelta(seconds=6)) == [3, 4, 5]
    assert read(tmp_path, START, START) == []
    first = next(records(tmp_path, START + timedelta(seconds=3), ALWAYS[1]))
    assert first.started_at == START + timedelta(seconds=2)


def test_the_contract_in_force_is_known_within_a_range(disk, clock, tmp_path):
    log = DailyLog(Storage(), LogSettings(dir=tmp_path), clock)
    feed(log, clock, range(3))
    log.append(record(3, clock.now(), contract=EJP._replace(subscribed_power=6000)))
    feed(log, clock, range(4, 6))
    log.close()
    one = next(records(tmp_path, clock.now(), ALWAYS[1]))
    assert one.contract.subscribed_power == 9000
    assert one.contract.meter not in (None, EJP.meter)
    assert one.contract.phases == 1


def test_all_four_kinds_of_file_are_read(tmp_path):
    def at(day: int) -> datetime:
        return datetime(2026, 2, day, 12, tzinfo=UTC)

    (tmp_path / "2026_02_10_LinkyAcq.pl.log").write_bytes(forerunner_line(at(10), 10))
    (tmp_path / "2026_02_11_LinkyAcq.pl.log.gz").write_bytes(gzip.compress(forerunner_line(at(11), 11)))
    (tmp_path / "2026_02_12_linkymonitor.log").write_bytes(data_line(at(12), 12))
    (tmp_path / "2026_02_13_linkymonitor.log.gz").write_bytes(gzip.compress(data_line(at(13), 13)))
    (tmp_path / "2026_13_45_linkymonitor.log").write_bytes(data_line(at(13), 99))
    (tmp_path / "linkymonitor.log").write_bytes(data_line(at(13), 99))
    assert read(tmp_path) == [10, 11, 12, 13]
    assert [day.day for day in days(tmp_path)] == [10, 11, 12, 13]


def test_of_a_day_both_plain_and_compressed_the_plain_file_is_read(tmp_path):
    path = file_of(tmp_path, TODAY)
    path.write_bytes(data_line(START, 1) + data_line(START + timedelta(seconds=9), 2))
    path.with_suffix(".log.gz").write_bytes(gzip.compress(data_line(START, 1)))
    assert read(tmp_path) == [1, 2]


def test_ours_is_believed_over_the_forerunners_from_its_first_record_to_its_last(tmp_path):
    times = [START + timedelta(seconds=10 * n) for n in range(10)]
    file_of(tmp_path, TODAY).write_bytes(b"".join(data_line(times[n], 100 + n) for n in (3, 4, 6)))
    (tmp_path / "2026_02_20_LinkyAcq.pl.log").write_bytes(
        b"".join(forerunner_line(time, n) for n, time in enumerate(times))
    )
    assert read(tmp_path) == [0, 1, 2, 103, 104, 106, 7, 8, 9]


def test_the_forerunners_first_record_of_a_day_is_in_the_file_of_the_day_before(tmp_path):
    """It changes file after the first line of a day."""
    midnight = datetime(2026, 2, 21, tzinfo=UTC)
    (tmp_path / "2026_02_20_LinkyAcq.pl.log").write_bytes(
        forerunner_line(midnight - timedelta(seconds=5), 1)
        + forerunner_line(midnight + timedelta(seconds=7), 2)
    )
    (tmp_path / "2026_02_21_LinkyAcq.pl.log").write_bytes(
        forerunner_line(midnight + timedelta(seconds=19), 3)
    )
    assert read(tmp_path) == [1, 2, 3]
    assert read(tmp_path, midnight, midnight + timedelta(hours=1)) == [2, 3]


FIELDS = ["Periode=HN..", "IndexHN=000000007", "IndexHPM=000080072", "PuissConsommee=00410", "IConsommee=002"]


@pytest.mark.parametrize(
    ("fields", "end", "power"),
    [
        pytest.param(FIELDS, "\r\n", 410, id="crlf"),
        pytest.param(FIELDS[::-1], "\n", 410, id="another-order"),
        pytest.param(FIELDS[:4], "\n", 410, id="no-current"),
        pytest.param([*FIELDS[:3], FIELDS[4]], "\n", None, id="no-power"),
        pytest.param([*FIELDS[:2], *FIELDS[3:]], "\r\n", 410, id="no-peak-index"),
        pytest.param(FIELDS[1:], "\n", 410, id="no-period"),
    ],
)
def test_a_file_of_the_forerunner_is_read_by_the_names_of_its_fields(tmp_path, fields, end, power):
    lines = [f"{START + timedelta(seconds=12 * n):{STAMP}}\tDATA\t{', '.join(fields)}{end}" for n in range(3)]
    (tmp_path / "2026_02_20_LinkyAcq.pl.log").write_bytes("".join(lines).encode())
    statistics = Statistics()
    found = list(records(tmp_path, *ALWAYS, statistics=statistics))
    assert [one.indexes["HN"] for one in found] == [7, 7, 7]
    assert {one.apparent_power for one in found} == {power}
    assert (statistics.refused, statistics.torn) == (0, 0)


def test_a_field_of_the_forerunner_that_is_torn_or_of_two_that_are_missing_is_refused(tmp_path):
    lines = [FIELDS[:3], [*FIELDS[:4], "IConsommee=02"], [*FIELDS[:4], "IConsommee=00\r2"], FIELDS]
    (tmp_path / "2026_02_20_LinkyAcq.pl.log").write_bytes(
        "".join(f"{START:{STAMP}}\tDATA\t{', '.join(fields)}\r\n" for fields in lines).encode()
    )
    statistics = Statistics()
    assert len(list(records(tmp_path, *ALWAYS, statistics=statistics))) == 1
    assert statistics.refused == 3


def test_lines_of_ours_may_end_in_crlf_and_miss_no_field(tmp_path):
    path = file_of(tmp_path, TODAY)
    one = data_line(START, 1)
    path.write_bytes(one[:-1] + b"\r\n" + one.partition(b", Demain")[0] + b"\r\n")
    statistics = Statistics()
    assert read(tmp_path, statistics=statistics) == [1]
    assert statistics.refused == 1


@pytest.mark.parametrize("power", ["9" * 30, "9" * 400, "9" * 4000, "0009000", "-1", "9e3"])
def test_a_contract_whose_power_is_damaged_is_refused_and_counted(tmp_path, power):
    path = file_of(tmp_path, TODAY)
    path.write_text(
        f"{START:{STAMP}}\tINFO\tContrat: mode=historique, option=EJP, puissance={power}, phases=1, producteur=, "
        "compteur=00\n" + data_line(START, 1).decode()
    )
    statistics = Statistics()
    (found,) = records(tmp_path, *ALWAYS, statistics=statistics)
    assert found.contract.subscribed_power is None
    assert statistics.refused == 1


def test_what_is_not_believed_is_counted(tmp_path):
    path = file_of(tmp_path, TODAY)
    path.write_bytes(
        data_line(START, 1)
        + b"garbage\n"
        + data_line(START - timedelta(days=1), 2)
        + b"2026/02/20 19:11:00\tINFO\tbonjour\n"
        + data_line(START + timedelta(minutes=2), 3)[:-1]
    )
    for count in (
        lambda found: read(tmp_path, statistics=found),
        lambda found: list(entries(path, statistics=found)),
    ):
        statistics = Statistics()
        count(statistics)
        assert statistics == Statistics(records=1, notes=1, refused=2, torn=1)


def test_a_torn_gzip_gives_what_it_holds(tmp_path):
    whole = b"".join(data_line(START + timedelta(seconds=n), n * 7919 % 99991) for n in range(2000))
    file_of(tmp_path, TODAY).with_suffix(".log.gz").write_bytes(gzip.compress(whole)[:4000])
    statistics = Statistics()
    found = read(tmp_path, statistics=statistics)
    assert found == [n * 7919 % 99991 for n in range(len(found))]
    assert len(found) > 50
    assert len(statistics.damaged) == 1


def test_a_folder_that_is_not_there_has_no_records(tmp_path):
    assert read(tmp_path / "nowhere") == []
    assert days(tmp_path / "nowhere") == []


def test_a_huge_foreign_file_is_read_in_little_memory(tmp_path):
    """Two hundred megabytes of nothing: a sparse file."""
    path = file_of(tmp_path, TODAY)
    with path.open("wb") as file:
        file.truncate(200_000_000)
        file.seek(200_000_000)
        file.write(
            data_line(START, 1) + b"x" * 3_000_000 + b"\n" + data_line(START + timedelta(seconds=9), 2)
        )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    statistics = Statistics()
    assert read(tmp_path, statistics=statistics) == [1, 2]
    assert statistics.refused == 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 8000


def test_a_file_compressed_while_it_is_read_is_read_once(tmp_path):
    path = file_of(tmp_path, TODAY)
    path.write_bytes(b"".join(data_line(START + timedelta(seconds=n), n) for n in range(2000)))
    stream = records(tmp_path, *ALWAYS)
    found = [next(stream).indexes["HN"]]
    for _ in Storage().compress_steps(path):
        pass
    found += [one.indexes["HN"] for one in stream]
    assert found == list(range(2000))


class Vanishing(Storage):
    """A storage under which a file is compressed after its name was read."""

    def blocks(self, path, damaged=None) -> Iterator[bytes]:
        if path.suffix == ".log" and path.exists():
            for _ in self.compress_steps(path):
                pass
        return super().blocks(path, damaged)


def test_a_file_compressed_before_it_is_read_is_read(tmp_path):
    file_of(tmp_path, TODAY).write_bytes(data_line(START, 1))
    assert read(tmp_path, storage=Vanishing()) == [1]


def test_what_is_no_record_comes_in_its_place_between_the_columns(tmp_path):
    told = (
        b"2026/02/20 19:09:00\tINFO\tGrille: heures=A\n",
        b"2026/02/20 19:09:30\tINFO\tfor people, before the range\n",
        data_line(START, 1) + data_line(START + timedelta(seconds=12), 2),
        b"2026/02/20 19:10:13\tWARN\tfor people\n",
        data_line(START + timedelta(seconds=24), 3),
        b"2026/02/20 19:10:30\tINFO\tGrille: heures=B\n",
        data_line(START + timedelta(seconds=40), 4),
        b"2026/02/20 19:10:50\tINFO\tGrille: heures=C\n",
    )
    file_of(tmp_path, TODAY).write_bytes(b"".join(told))
    stream = batches(tmp_path, START, START + timedelta(seconds=40))
    assert [batch.registers["HN"] if isinstance(batch, Columns) else batch.text for batch in stream] == [
        "Grille: heures=A",
        [1, 2],
        "for people",
        [3],
        "Grille: heures=B",
    ]


def test_batches_are_never_empty(tmp_path):
    file_of(tmp_path, TODAY).write_bytes(data_line(START, 1) + data_line(START - timedelta(days=1), 2))
    assert [len(batch) for batch in batches(tmp_path, *ALWAYS)] == [1]
    assert list(batches(tmp_path, START + timedelta(seconds=1), ALWAYS[1])) == []


def test_only_the_files_of_the_days_that_are_asked_for_are_listed(tmp_path):
    names = ["2025_12_31_LinkyAcq.pl.log", "2026_01_01_linkymonitor.log.gz", "2026_01_02_linkymonitor.log"]
    for name in (*names, "2026_01", "2026_01_01", "summaries"):
        (tmp_path / name).touch()
    assert [file.name for file in files(tmp_path)] == names
    assert [file.name for file in files(tmp_path, None, date(2026, 1, 1), date(2026, 1, 1))] == names[1:2]
    assert [file.name for file in files(tmp_path, last=date(2025, 12, 31))] == names[:1]
    assert [file.name for file in files(tmp_path, first=date(2026, 1, 2))] == names[2:]
