"""A row as text: CSV, JSON, and the line protocol of InfluxDB; sinks and `export` share these."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo

from linkymonitor.language import Text
from linkymonitor.sinks.base import Row

#: The measurement, or the table, of records.
MEASUREMENT = "linkymonitor"
#: What names one record.
KEY = ("meter", "series", "ended_at")
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

#: Name of a number → its heading in a table for people; the registers have HEADING_OF_INDEX.
HEADINGS = {
    "power": Text("Puissance (VA)", "Power (VA)"),
    "power_min": Text("Puissance min (VA)", "Lowest power (VA)"),
    "power_max": Text("Puissance max (VA)", "Highest power (VA)"),
    "injected": Text("Injection (VA)", "Injection (VA)"),
    "current": Text("Intensité (A)", "Current (A)"),
    **{f"current_{n}": Text(f"Intensité {n} (A)", f"Current {n} (A)") for n in (1, 2, 3)},
    **{f"voltage_{n}": Text(f"Tension {n} (V)", f"Voltage {n} (V)") for n in (1, 2, 3)},
    "index_total": Text("Index total (Wh)", "Total index (Wh)"),
    "index_injected": Text("Index injecté (Wh)", "Index of injection (Wh)"),
    "frames": Text("Trames", "Frames"),
    "rejected": Text("Rejets", "Rejected"),
    "colour": Text("Couleur", "Colour"),
    "tomorrow": Text("Demain", "Tomorrow"),
    "ejp": Text("EJP", "EJP"),
    "overload": Text("Dépassement", "Overload"),
}


def iso(at: datetime) -> str:
    """Return *at*, which is in UTC, as ISO 8601 with a Z."""
    return f"{at.isoformat()[:19]}Z"


def as_dict(row: Row) -> dict[str, object]:
    """Return *row* with the names of docs/formats.md, as JSON has it; what the record lacks is not there."""
    found: dict[str, object] = {
        "meter": row.meter,
        "series": row.series,
        "ended_at": iso(row.ended_at),
        "contract": row.contract,
        "period": row.period,
        **row.fields,
        **row.words,
    }
    if row.overload is not None:
        found["overload"] = row.overload
    return found


def json_line(row: Row) -> str:
    """Return *row* as one JSON object, without a line end."""
    return _encode(as_dict(row))


def influx_line(row: Row) -> str:
    """Return *row* in the line protocol of InfluxDB, without a line end; the time is in seconds.

    Every field is an integer, so no two records can disagree about the type of a field.
    """
    tags = "".join(
        f",{name}={tag_text(value)}"
        for name, value in (("meter", row.meter), ("contract", row.contract), ("period", row.period))
        if value
    )
    if row.series:
        tags += f",series={row.series}"
    fields = ",".join(f"{name}={value}i" for name, value in row.fields.items())
    return f"{MEASUREMENT}{tags} {fields} {int(row.ended_at.timestamp())}"


def tag_text(text: str) -> str:
    """Return *text* as the value of a tag in the line protocol of InfluxDB."""
    # A backslash at the end of a value would escape the separator behind it.
    text = "".join(letter if letter.isprintable() else " " for letter in text).replace("\\", "/")
    return text.replace(",", "\\,").replace("=", "\\=").replace(" ", "\\ ")


class Table:
    """Rows as the lines of a CSV file.

    Args:
        columns: the names of its columns, without those of the key.
        lang: the language of the headings; in French a field ends with ``;``, else with ``,``.
        zone: the time zone of the first column; None: there is no such column.
    """

    def __init__(self, columns: Sequence[str], lang: str, zone: tzinfo | None) -> None:
        self._columns = columns
        self._lang = lang
        self._zone = zone
        self._separator = ";" if lang == "fr" else ","

    def header(self) -> str:
        """Return the line with the headings, without a line end."""
        first = [Text("Heure locale", "Local time").render(self._lang)] if self._zone else []
        key = [Text("Fin (UTC)", "End (UTC)"), Text("Compteur", "Meter"), Text("Série", "Series")]
        key += [Text("Contrat", "Contract"), Text("Période", "Period")]
        headings = [heading.render(self._lang) for heading in key]
        return self._joined(first + headings + [heading_of(name, self._lang) for name in self._columns])

    def line(self, row: Row) -> str:
        """Return *row*, without a line end."""
        cells = [] if self._zone is None else [f"{row.ended_at.astimezone(self._zone):%Y-%m-%d %H:%M:%S}"]
        cells += [iso(row.ended_at), row.meter, str(row.series), row.contract, row.period]
        fields, words = row.fields, row.words
        for name in self._columns:
            if name == "overload":
                cells.append("" if row.overload is None else str(int(row.overload)))
            else:
                cells.append(str(fields.get(name, words.get(name, ""))))
        return self._joined(cells)

    def _joined(self, cells: Iterable[str]) -> str:
        return self._separator.join(self._cell(cell) for cell in cells)

    def _cell(self, text: str) -> str:
        if text.isalnum():
            return text
        if text[:1] in ("=", "+", "-", "@", "\t", "\r"):
            text = f"'{text}"  # a spreadsheet would take it for a formula
        if self._separator in text or '"' in text or not text.isprintable():
            text = '"' + "".join(x if x.isprintable() else " " for x in text).replace('"', '""') + '"'
        return text


def heading_of(name: str, lang: str) -> str:
    """Return the heading of the column *name*."""
    heading = HEADINGS.get(name)
    if heading is None:
        return f"Index {name.removeprefix('index_')} (Wh)"
    return heading.render(lang)
