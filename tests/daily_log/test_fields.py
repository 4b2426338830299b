"""One table drives the writer, the reader, the columns and the page on formats."""

from __future__ import annotations

from pathlib import Path

import pytest

from linkymonitor.daily_log.columns import Columns
from linkymonitor.daily_log.fields import FIELDS, MORE_REGISTERS, REGISTERS, Field
from linkymonitor.model.record import Record

DOCS = Path(__file__).parents[2] / "docs"
OF_THEIR_OWN = [field for field in FIELDS if field not in (REGISTERS, MORE_REGISTERS)]


def row(field: Field) -> str:
    name = f"{field.name}…" if field.attribute == REGISTERS.attribute else field.name
    digits = str(field.digits or "")
    later = str(field.since) if field.since > 1 else ""
    cells = [f"`{name}`", field.unit, digits, later, field.meaning]
    return "| " + " | ".join(cells).replace("|  |", "| |").replace("|  |", "| |") + " |"


def test_formats_has_the_table_of_the_fields():
    table = ["| field | unit | digits | later | is |", "| --- | --- | --- | --- | --- |", *map(row, FIELDS)]
    text = (DOCS / "formats.md").read_text("utf-8")
    for line in table:
        assert line in text, "docs/formats.md lacks this line of the table"
    assert "\n".join(table) in text, "docs/formats.md has the lines of the table in another order"


@pytest.mark.parametrize("field", OF_THEIR_OWN, ids=lambda field: field.name)
def test_what_a_field_writes_it_accepts(field):
    values = [*field.words.values()] if field.words else [0, 1, 10**field.digits - 1]
    for value in [None, *values]:
        assert field.accepts(field.text(value).encode())


@pytest.mark.parametrize(
    "field", [field for field in OF_THEIR_OWN if field.digits], ids=lambda field: field.name
)
def test_a_number_of_other_digits_is_not_accepted(field):
    assert not field.accepts(b"1" * (field.digits - 1))
    assert not field.accepts(b"1" * (field.digits + 1))
    assert not field.accepts(b"-" + b"1" * (field.digits - 1))
    assert field.text(10**field.digits) == ("9" * field.digits if field.capped else "")


def test_every_attribute_of_a_record_is_a_column():
    columns = Columns.of([])
    assert all(getattr(columns, name) == [] for name in Record._fields)
