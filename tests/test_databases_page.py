"""docs/databases.md is true: the columns of each shape, and what fills them from the log and from the frame."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import NamedTuple

import pytest

from linkymonitor.delivery.rows import NUMBERS
from linkymonitor.model.terms import PERIODS, Mode, code
from linkymonitor.sinks.base import Row
from linkymonitor.sinks.shapes import (
    emoncms_values,
    historique_names,
    influxdb_linkypy,
    linkyrpi_names,
    linkyrpi_values,
    mariadb_hallard,
    postgresql_linkyrpi,
)
from linkymonitor.sinks.shapes.domoticz_devices import Devices
from linkymonitor.sinks.shapes.groups import ADDRESSES
from tests.support.shape_frames import NAMES, NOW, frame_of, live_of_frame, mode_of

ROOT = Path(__file__).parent.parent
PAGES = {"en": ROOT / "docs/databases.md", "fr": ROOT / "docs/databases.fr.md"}
#: How a cell of the page begins where nothing fills a column.
_NOTHING = ("NULL", "–")
REGISTERS = [code(period) for periods in PERIODS.values() for period in periods]
#: A record of the log with every value that any record has.
FULL = Row(
    "78b79e5069eb",
    0,
    NOW,
    "TEMPO",
    "HPJB",
    dict.fromkeys(
        [*(f"index_{register}" for register in REGISTERS), *(field.exported for field in NUMBERS)], 7
    ),
    {"colour": "BLEU", "tomorrow": "ROUG", "ejp": "normal"},
    overload=False,
    subscribed_power=9000,
)
BARE = Row("78b79e5069eb", 0, NOW, "", "", {})


class Column(NamedTuple):
    """What the page says of a column."""

    from_frame: bool
    from_log: bool


def columns_in(page: Path, heading: str) -> dict[str, Column]:
    """Return column → what the page says of it, in the part whose heading begins with *heading*."""
    part = re.split(r"^## ", page.read_text("utf-8"), flags=re.MULTILINE)
    (text,) = (each for each in part if each.startswith(f"`{heading}`"))
    found: dict[str, Column] = {}
    for names, frame, log in re.findall(r"^\| (`.*?) \| (.*?) \| (.*?) \|$", text, re.MULTILINE):
        for name in re.findall(r"`(\w+)`", names):
            assert name not in found
            found[name] = Column(not frame.startswith(_NOTHING), not log.startswith(_NOTHING))
    return found


def columns_of(file: str, table: str) -> set[str]:
    """Return the columns of *table*, by the file that makes it."""
    text = (ROOT / "etc/sql/shapes" / file).read_text("utf-8")
    (body,) = re.findall(rf"CREATE TABLE (?:IF NOT EXISTS )?{table} \(\n(.*?)\n\)", text, re.DOTALL)
    return set(re.findall(r"^ +(?!PRIMARY|KEY|UNIQUE|FOREIGN)(\w+)", body, re.MULTILINE))


def filled(cells: Iterable[dict[str, object]]) -> set[str]:
    return {name for each in cells for name, value in each.items() if value is not None}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_the_columns_of_hallard(page, tmp_path):
    told = columns_in(page, "hallard")
    assert told.keys() == columns_of("hallard.sql", "DbiTeleinfo")
    by_server = {"id", "DATE"}
    from_log = filled([mariadb_hallard.cells_of(FULL, None, None, "BBR(")])
    assert from_log | by_server == {name for name, column in told.items() if column.from_log}
    lives = [live_of_frame(name, tmp_path) for name in NAMES if mode_of(name) is Mode.HISTORIQUE]
    from_frame = filled(mariadb_hallard.cells_of(BARE, live, None, "BBR(") for live in lives)
    # ADPS is in a frame only while the power is exceeded.
    assert (from_frame | by_server | {"ADPS"}) & told.keys() == {
        name for name, column in told.items() if column.from_frame
    }


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_the_columns_of_linkyrpi(page, tmp_path):
    columns = columns_of("linkyrpi.sql", "Mesures")
    told = columns_in(page, "linkyrpi")
    assert told.keys() == columns
    by_sink = {"AbonnementId", "DateHeureLinky"}
    # In a frame only while something lasts that none of the frames here has.
    rare = {"DepassementPuissance", *(f"DepassementPuissancePhase{phase}" for phase in (1, 2, 3))}
    rare |= {"DebutPointeMobile3", "FinPointeMobile3", "MessageUltraCourt"}
    lives = [live_of_frame(name, tmp_path) for name in NAMES]
    from_frame = filled(
        postgresql_linkyrpi.measures_of(linkyrpi_values.values_of(live, None)) for live in lives
    )
    assert named(columns, from_frame) | by_sink | rare == {
        name for name, one in told.items() if one.from_frame
    }
    days = [FULL._replace(contract=option, period=code(periods[-1])) for option, periods in PERIODS.items()]
    from_log = filled(postgresql_linkyrpi.measures_of(postgresql_linkyrpi.values_of_log(day)) for day in days)
    assert named(columns, from_log) | by_sink == {name for name, one in told.items() if one.from_log}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_the_fields_and_measurements_in_influxdb(page):
    costs = {"CURRENT_COST", "ESTIMATED_COST"}
    hours = FULL._replace(fields={"power": 7, "index_HC": 7, "index_HP": 7})
    assert columns_in(page, "linkypy") == {
        **dict.fromkeys(influxdb_linkypy.fields_of(hours.fields), Column(from_frame=True, from_log=True)),
        **dict.fromkeys(costs, Column(from_frame=True, from_log=False)),
    }
    told = columns_in(page, "reuiller")
    one_phase = {name: value for name, value in FULL.fields.items() if not name.endswith(("_2", "_3"))}
    found = [
        historique_names.labels_of(numbers, FULL.period, FULL.contract, FULL.subscribed_power)
        for numbers in (FULL.fields, one_phase)
    ]
    assert filled(found) == {name for name, one in told.items() if one.from_log}
    labels = {
        group.label for name in NAMES if mode_of(name) is Mode.HISTORIQUE for group in frame_of(name).groups
    }
    assert labels - set(ADDRESSES) == {name for name, one in told.items() if one.from_frame}


def named(columns: set[str], names: set[str]) -> set[str]:
    """Return those of *columns* that are among *names*, which are in small letters."""
    return {column for column in columns if column.lower() in names}


def table_in(page: Path, heading: str) -> dict[str, list[str]]:
    """Return first cell → the other cells of the table below the heading ``### `heading` ``."""
    parts = re.split(r"^### ", page.read_text("utf-8"), flags=re.MULTILINE)
    (text,) = (part for part in parts if part.startswith(f"`{heading}`"))
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| `")]
    return {row[0]: row[1:] for row in rows}


def names_in(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_the_topics_of_linkyrpi(page):
    wanted: dict[str, list[str]] = {}
    labels: dict[str, set[str]] = {}
    for row in linkyrpi_names.NAMES:
        wanted.setdefault(f"`LinkyRPi/{row.branch}`", []).append(row.name)
        labels.setdefault(f"`LinkyRPi/{row.branch}`", set()).update(row.labels)
    told = table_in(page, "linkyrpi")
    assert {topic: names_in(cells[0]) for topic, cells in told.items()} == wanted
    for topic, cells in told.items():
        assert labels[topic] <= set(re.findall(r"[A-Z][A-Z0-9+-]+", cells[1])), topic


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_the_numbers_of_emoncms(page, tmp_path):
    live = live_of_frame("historique-tempo", tmp_path)
    told = table_in(page, "emonhub")
    assert [*told] == ["`OPTARIF`", "`PTEC`", "`DEMAIN`", "`HHPHC`"]
    for cell, (pairs,) in told.items():
        (label,) = names_in(cell)
        for word, number in (pair.split() for pair in pairs.split(", ")):
            raw = {label: (None, word)}
            assert emoncms_values.numbers_of(live._replace(raw=raw), None) == {label: number}, word


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_the_devices_of_domoticz(page):
    told = [name for cell in table_in(page, "domoticz") for name in names_in(cell)]
    assert told == [field.name for field in fields(Devices)]
