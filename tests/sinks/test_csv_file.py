"""CSV files: a file a day, each record once, readable by a spreadsheet."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta

import pytest

from linkymonitor.errors import BadSetting, SinkUnavailable
from linkymonitor.sinks.base import House, Row
from linkymonitor.sinks.csv_file import Settings, Sink

#: 23:30 local time of a winter evening.
EVENING = datetime(2026, 1, 13, 22, 30, tzinfo=UTC)


def row(number: int, **fields) -> Row:
    return Row(
        "abc123",
        0,
        EVENING + timedelta(minutes=number),
        "EJP",
        "HN",
        {"power": number, "index_HN": number, **fields},
    )


def sink(folder, lang=None, house="fr") -> Sink:
    settings = Settings(dir=folder / "csv", lang=lang)
    settings.house = House(house, "Europe/Paris")
    return Sink(settings)


def read(path, delimiter):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file, delimiter=delimiter))


def test_a_local_day_has_its_file(tmp_path):
    made = sink(tmp_path)
    made.write([row(number) for number in range(60)])
    made.close()
    first, second = sorted((tmp_path / "csv").iterdir())
    assert (first.name, second.name) == ("2026-01-13.csv", "2026-01-14.csv")
    assert len(read(first, ";")) == 1 + 30
    assert read(second, ";")[1][:7] == [
        "2026-01-14 00:00:00",
        "2026-01-13T23:00:00Z",
        "abc123",
        "0",
        "EJP",
        "HN",
        "30",
    ]


@pytest.mark.parametrize(
    ("lang", "house", "delimiter", "heading"),
    [(None, "fr", ";", "Puissance (VA)"), (None, "en", ",", "Power (VA)"), ("en", "fr", ",", "Power (VA)")],
)
def test_headings_and_separators_follow_the_language(tmp_path, lang, house, delimiter, heading):
    made = sink(tmp_path, lang, house)
    made.write([row(1)])
    made.close()
    (path,) = (tmp_path / "csv").iterdir()
    headings, cells = read(path, delimiter)
    assert len(headings) == len(cells)
    assert dict(zip(headings, cells, strict=True))[heading] == "1"
    assert headings[6] == "Index HN (Wh)"
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")


def test_a_record_that_comes_twice_is_written_once(tmp_path):
    for numbers in (range(10), range(5, 15), range(15)):
        made = sink(tmp_path)
        made.write([row(number) for number in numbers])
        made.write([row(number) for number in numbers])
        made.close()
    (path,) = (tmp_path / "csv").iterdir()
    assert [cells[6] for cells in read(path, ";")[1:]] == [str(number) for number in range(15)]


def test_a_line_that_a_power_cut_has_torn_is_written_again(tmp_path):
    made = sink(tmp_path)
    made.write([row(number) for number in range(10)])
    made.close()
    (path,) = (tmp_path / "csv").iterdir()
    whole = path.read_bytes()
    for cut in (1, 2, 30, len(whole) - 10, len(whole)):
        path.write_bytes(whole[: len(whole) - cut])
        made = sink(tmp_path)
        made.write([row(number) for number in range(10)])
        made.close()
        assert path.read_bytes() == whole


def test_registers_that_change_within_a_day_go_on_in_a_second_file(tmp_path):
    made = sink(tmp_path)
    made.write([row(1), row(2, index_PM=5), row(3)])
    made.close()
    first, second = sorted((tmp_path / "csv").iterdir())
    assert (first.name, second.name) == ("2026-01-13.csv", "2026-01-13_2.csv")
    assert [len(read(path, ";")) for path in (first, second)] == [3, 2]


def test_words_of_a_supplier_cannot_become_a_formula_or_another_cell(tmp_path):
    made = sink(tmp_path)
    made.write([row(1)._replace(contract='=cmd|"x";A1\r\n\t2')])
    made.close()
    (path,) = (tmp_path / "csv").iterdir()
    headings, cells = read(path, ";")
    assert len(headings) == len(cells)
    assert cells[4].startswith("'=cmd")
    assert "\n" not in cells[4]


def test_a_folder_that_cannot_be_written_makes_the_sink_unavailable(tmp_path):
    (tmp_path / "csv").write_text("a file")
    with pytest.raises(SinkUnavailable):
        sink(tmp_path).write([row(1)])


@pytest.mark.parametrize("keys", [{"lang": "de"}, {"batch": 0}, {"every": timedelta(0)}])
def test_wrong_settings_are_refused(tmp_path, keys):
    with pytest.raises(BadSetting):
        Settings(dir=tmp_path, **keys)
