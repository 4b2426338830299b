"""One table drives the writer, the reader, the columns and the page on formats."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import linkymonitor
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


PROOF = """
from datetime import UTC, datetime, timedelta
from linkymonitor.daily_log.columns import Columns
from linkymonitor.daily_log.line import format_record
from linkymonitor.daily_log.reader import LineReader
from linkymonitor.model.record import Record

at = datetime(2026, 2, 20, 19, 10, 22, tzinfo=UTC)
record = Record(at, at, None, "HN..", indexes={"HN": 1, "PM": 2}, overload=False, power_factor=97)
text = format_record(record)
assert text.endswith(", Cosinus=097"), text
lines = [f"2026/02/20 19:10:{second}\tDATA\t{text}".encode() for second in (22, 34)]
(columns,) = LineReader().batches(lines)
assert columns.power_factor == [97, 97]
(read, _) = columns.rows()
assert read._replace(contract=None) == record
older = LineReader().parse(lines[0].partition(b", Cosinus")[0])
assert older.record.power_factor is None
assert LineReader().parse(lines[0].replace(b"=097", b"=97")) is None
"""


def test_a_field_is_added_as_the_guide_says(tmp_path):
    page = (DOCS / "adding-a-log-field.md").read_text("utf-8")
    (added,) = re.findall(r"^row = (Field\(.*?^\))$", page, re.DOTALL | re.MULTILINE)
    (attribute,) = re.findall(r"^```\n(    #: .*?)^```$", page, re.DOTALL | re.MULTILINE)
    package = tmp_path / "linkymonitor"
    shutil.copytree(Path(linkymonitor.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    fields = package / "daily_log/fields.py"
    table = re.search(r"^FIELDS: .*?(?=^\))", text := fields.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert table
    fields.write_text(f"{text[: table.end()]}    {added},\n{text[table.end() :]}", "utf-8")
    record = package / "model/record.py"
    record.write_text(record.read_text("utf-8") + attribute, "utf-8")
    subprocess.run([sys.executable, "-c", PROOF], cwd=tmp_path, check=True)
