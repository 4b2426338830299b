"""docs/databases.md is true: the columns of each shape, and what fills them from the log and from the frame."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pytest

from linkymonitor.delivery.rows import NUMBERS
from linkymonitor.model.terms import PERIODS, Mode, code
from linkymonitor.sinks.base import Row
from linkymonitor.sinks.shapes import (
    historique_names,
    influxdb_linkypy,
    linkyrpi_values,
    mariadb_hallard,
    postgresql_linkyrpi,
)
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
        historique_names.labels_of(fields, FULL.period, FULL.contract, FULL.subscribed_power)
        for fields in (FULL.fields, one_phase)
    ]
    assert filled(found) == {name for name, one in told.items() if one.from_log}
    labels = {
        group.label for name in NAMES if mode_of(name) is Mode.HISTORIQUE for group in frame_of(name).groups
    }
    assert labels - set(ADDRESSES) == {name for name, one in told.items() if one.from_frame}


def named(columns: set[str], names: set[str]) -> set[str]:
    """Return those of *columns* that are among *names*, which are in small letters."""
    return {column for column in columns if column.lower() in names}
