"""Export writes the records of local days, whole, in three forms of the same rows."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime

import pytest

from tests.support.queue import Box


@pytest.fixture
def box(tmp_path, apart) -> Box:
    box = Box(tmp_path / "log")
    box.write(range(40), every=5000)
    return box


def test_a_local_day_has_the_records_that_ended_in_it(box, call):
    status, out, err = call("export", "--log-dir", box.folder, "-s", "2026-02-21", "--format", "jsonl")
    assert (status, err) == (0, "")
    rows = [json.loads(line) for line in out.splitlines()]
    # Record 0 ends 5000 s after 19:10 in UTC; the local day is from 23:00 to 23:00.
    assert [row["index_HN"] for row in rows] == list(range(2, 20))
    assert all("2026-02-20T23:00:00Z" <= row["ended_at"] < "2026-02-21T23:00:00Z" for row in rows)


def test_the_three_forms_have_the_same_records(box, call):
    words = ("export", "--log-dir", box.folder, "-s", "2026-02-20", "-e", "22/02/2026", "--format")
    (_, jsonl, _), (_, table, _), (_, influx, _) = (call(*words, form) for form in ("jsonl", "csv", "influx"))
    objects = [json.loads(line) for line in jsonl.splitlines()]
    rows = list(csv.DictReader(io.StringIO(table), delimiter=";"))
    points = influx.splitlines()
    assert len(objects) == len(rows) == len(points) == 37
    for found, row, point in zip(objects, rows, points, strict=True):
        assert row["Fin (UTC)"] == found["ended_at"]
        assert int(row["Index HN (Wh)"]) == found["index_HN"]
        at = datetime.fromisoformat(found["ended_at"]).astimezone(UTC)
        assert f"index_HN={found['index_HN']}i" in point
        assert point.endswith(f" {int(at.timestamp())}")


def test_registers_of_two_contracts_have_their_columns_in_one_table(box, call):
    box.write(range(40, 42), indexes={"HC": 1, "HP": 2})
    _, table, _ = call(
        "export", "--log-dir", box.folder, "-s", "2026-02-20", "-e", "2026-02-28", "--format", "csv"
    )
    first, *_, last = csv.DictReader(io.StringIO(table), delimiter=";")
    assert (first["Index HN (Wh)"], first["Index HC (Wh)"]) == ("0", "")
    assert (last["Index HP (Wh)"], last["Index PM (Wh)"]) == ("2", "")


def test_a_file_is_written(box, call, tmp_path):
    path = tmp_path / "x.jsonl"
    status, out, _ = call(
        "export", "--log-dir", box.folder, "-s", "2026-02-21", "--format", "jsonl", "-o", path
    )
    assert (status, out) == (0, "")
    assert len(path.read_text().splitlines()) == 18


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (("-s", "2026-02-21", "-e", "2026-02-20", "--format", "csv"), 2, "-e 2026-02-20"),
        (("-s", "2026-02-21", "--format", "xml"), 2, "xml"),
        (("-s", "2026-02-21"), 2, "--format"),
        (("--format", "csv"), 2, "--start"),
        (("-s", "2026-02-21", "--format", "csv", "-o", "/nowhere/x.csv"), 1, "/nowhere/x.csv"),
    ],
)
def test_wrong_words_are_one_sentence(box, call, words, status, says):
    found, out, err = call("export", "--log-dir", box.folder, *words)
    assert (found, out) == (status, "")
    assert says in err
    assert "Traceback" not in err


def test_a_folder_without_a_log_is_named(apart, call, tmp_path):
    status, _, err = call("export", "--log-dir", tmp_path / "none", "-s", "2026-02-21", "--format", "csv")
    assert status == 1
    assert "none" in err
