"""latest.json: what it says, that it is whole, and that it is masked."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from typing import NamedTuple

import pytest

from linkymonitor.errors import StorageError
from linkymonitor.live.latest import Document, Latest, jsonable, plain
from linkymonitor.live.reading import Watcher
from linkymonitor.model.reading import Reading, TariffState, View
from linkymonitor.model.terms import Ejp, Mode
from linkymonitor.simulator.house import House
from linkymonitor.simulator.options import parse_spec
from linkymonitor.system.storage import Storage
from linkymonitor.tic.interpret import interpret
from tests.support.crash_model import CrashDisk

NOON = datetime(2027, 1, 13, 12, 0, 0, 250000, tzinfo=UTC)


def view(**values) -> View:
    reading = Reading(taken_at=NOON, mode=Mode.STANDARD, tariff_period="HN..", values=values)
    return View(reading=reading, tariff=TariffState(ejp=Ejp.NOTICE), now=1234.56789)


def test_the_document_is_the_promised_one():
    assert json.loads(Document().of(view(SINSTS=230, ADSC="041876543210", PRM="12345678901234"))) == {
        "schema": 1,
        "taken_at": "2027-01-13T12:00:00.250000+00:00",
        "heard": 1234.568,
        "mode": "standard",
        "period": "HN..",
        "ejp": "notice",
        "values": {"SINSTS": 230, "ADSC": "*********210", "PRM": "***********234"},
    }


def test_the_relays_of_the_box_are_in_the_file_and_are_read_back(tmp_path):
    fed = {"chauffe-eau": True}
    latest = Latest(Storage(), tmp_path, lambda: fed)
    latest.write(view(SINSTS=230))
    watcher = Watcher(tmp_path, lambda: 2000.0)
    assert watcher.read().relays == {"chauffe-eau": True}
    fed["chauffe-eau"] = False
    latest.write(view(SINSTS=240))
    assert watcher.read().relays == {"chauffe-eau": False}
    assert "relays" not in json.loads(Document().of(view(SINSTS=230)))


def test_the_time_is_null_while_nobody_knows_it():
    undated = View(reading=Reading(taken_at=NOON, dated=False, mode=Mode.HISTORIQUE), now=5.0)
    found = json.loads(Document().of(undated))
    assert found["taken_at"] is None
    assert found["heard"] == 5.0


def test_a_period_that_is_not_known_is_null():
    unknown = View(reading=Reading(taken_at=NOON, mode=Mode.HISTORIQUE))
    found = json.loads(Document().of(unknown))
    assert found["period"] is None
    assert found["ejp"] == "unknown"


@pytest.mark.parametrize(
    "spec", ["ejp", "tempo,tri", "standard,tempo,tri,producer", "standard,ejp,peak", "old"]
)
def test_every_value_of_a_meter_is_json_and_no_number_of_it_is_whole(spec):
    options = parse_spec(spec)
    house = House(options)
    frame = house.frame_at(options.start)
    reading = interpret(frame, options.mode, NOON)
    text = Document().of(View(reading=reading)).decode()
    assert json.loads(text)["values"].keys() == {group.label for group in frame.groups}
    for group in frame.groups:
        if group.label in ("ADCO", "ADSC", "PRM"):
            assert group.data not in text


@pytest.mark.parametrize("spec", ["ejp", "tempo,tri", "standard,tempo,tri,producer"])
def test_raw_groups_are_the_characters_as_sent_and_no_number_is_whole(spec):
    options = parse_spec(spec)
    frame = House(options).frame_at(options.start)
    raw = {group.label: (group.horodate, group.data) for group in frame.groups}
    reading = interpret(frame, options.mode, NOON)._replace(raw=raw)
    text = Document().of(View(reading=reading)).decode()
    found = json.loads(text)["raw"]
    assert found.keys() == raw.keys()
    for group in frame.groups:
        if group.label in ("ADCO", "ADSC", "PRM"):
            assert group.data not in text
            assert found[group.label] == [None, "*" * (len(group.data) - 3) + group.data[-3:]]
        else:
            assert found[group.label] == [group.horodate, group.data]


def test_without_raw_groups_there_is_no_such_key():
    assert "raw" not in json.loads(Document().of(view(SINSTS=230)))


@pytest.mark.parametrize("spec", ["historique,ejp", "standard,tempo,tri,producer"])
def test_a_file_that_follows_others_is_the_one_that_a_first_frame_would_make(spec):
    """What is remembered of the frames before changes no byte."""
    options = parse_spec(spec)
    house, one_after_another = House(options), Document()
    for minute in range(0, 60, 3):
        frame = house.frame_at(options.start + timedelta(minutes=minute))
        if minute % 4 == 0:
            frame = frame._replace(groups=frame.groups[:-2])
        after = View(reading=interpret(frame, options.mode, NOON))
        assert one_after_another.of(after) == Document().of(after)


class Colour(Enum):
    RED = "rouge"


class Switch(NamedTuple):
    start: time
    index: int | None


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (None, None),
        (True, True),
        (1.5, 1.5),
        ("x", "x"),
        (NOON, "2027-01-13T12:00:00.250000+00:00"),
        (date(2027, 1, 13), "2027-01-13"),
        (time(7, 30), "07:30:00"),
        (Colour.RED, "rouge"),
        ((1, "a", Colour.RED), [1, "a", "rouge"]),
        (Switch(time(7), 2), {"start": "07:00:00", "index": 2}),
        ((Switch(time(7), None),), [{"start": "07:00:00", "index": None}]),
        (frozenset({3, 1}), [1, 3]),
    ],
)
def test_typed_values_become_json(value, wanted):
    assert plain(value) == wanted
    json.dumps(plain(value))


def test_ids_are_shown_to_an_owner_who_asks():
    assert jsonable({"ADCO": "041876543210"}, show_ids=True) == {"ADCO": "041876543210"}
    assert jsonable({"ADCO": "041876543210"}) == {"ADCO": "*********210"}


def test_the_file_is_replaced_whole_and_removed(tmp_path):
    latest = Latest(Storage(), tmp_path)
    for number in range(3):
        latest.write(view(SINSTS=number))
        assert json.loads((tmp_path / "latest.json").read_text())["values"]["SINSTS"] == number
        assert [path.name for path in tmp_path.iterdir()] == ["latest.json"]
    latest.remove()
    latest.remove()
    assert list(tmp_path.iterdir()) == []


def test_without_a_folder_nothing_is_written():
    disk = CrashDisk()
    latest = Latest(Storage(disk), None)
    latest.write(view())
    latest.remove()
    assert disk.calls == 0


def test_a_folder_that_is_gone_is_a_storage_error(tmp_path):
    with pytest.raises(StorageError):
        Latest(Storage(), tmp_path / "gone").write(view())
