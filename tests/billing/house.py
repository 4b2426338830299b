"""Logs of houses whose indexes are known at some instants, and the bills that the command makes of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from linkymonitor.cli import main
from linkymonitor.model.record import Record
from tests.report.house import PARIS, contract, write_log

STEP = timedelta(minutes=30)
#: The price tables and the taxes that are shipped.
TABLES = Path(__file__).parents[2] / "etc" / "tariffs"
#: The settings of a house with one price all day, of 6 kVA.
BASE_6 = "[contract]\noffer = tarif-bleu-base\npower = 6\n"


def at(text: str) -> datetime:
    """Return a local time, a day alone being its midnight, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=PARIS).astimezone(UTC)


def rows(
    known: Sequence[tuple[str, Mapping[str, int]]],
    option: str = "BASE",
    injected: Sequence[tuple[str, int]] = (),
    step: timedelta = STEP,
    **changes: object,
) -> list[Record]:
    """Return a record each *step* from the first instant of *known* to the last.

    Args:
        known: local instants, each with the index of each register in Wh; between two the load is constant.
        option: of the contract.
        injected: local instants, each with the index of injected energy in Wh.
        step: how often; of half hours, all is a silence to a report.
        changes: other terms of the contract.
    """
    made = contract(option, **changes)
    points = [(at(text), dict(indexes)) for text, indexes in known]
    given = [(at(text), {"injected": wh}) for text, wh in injected]
    when, found = points[0][0], []
    while when <= points[-1][0]:
        indexes = _between(points, when)
        found.append(
            Record(
                started_at=when - step,
                ended_at=when,
                contract=made,
                tariff_period={"BASE": "TH..", "HC": "HP..", "EJP": "HN.."}.get(option, "F01"),
                apparent_power=500,
                power_min=500,
                power_max=500,
                injected_power=0,
                current=2,
                indexes=indexes,
                injected_index=_between(given, when)["injected"] if given else None,
                frames=8,
            )
        )
        when += step
    return found


def _between(points: Sequence[tuple[datetime, Mapping[str, int]]], when: datetime) -> dict[str, int]:
    for (begin, old), (end, new) in pairwise(points):
        if begin <= when <= end:
            part = (when - begin) / (end - begin)
            return {name: old[name] + round((new[name] - old[name]) * part) for name in old}
    raise AssertionError(f"{when} is not in the log")


def billed(
    tmp_path: Path,
    capsys,
    records: Sequence[Record],
    ini: str,
    first: str,
    last: str,
    *options: str,
) -> dict[str, object]:
    """Write *records*, and return the JSON of the bill of the days from *first* to *last*."""
    status, out, err = run_bill(tmp_path, capsys, records, ini, first, last, "--json", *options)
    assert status == 0, err
    found: dict[str, object] = json.loads(out)
    return found


def run_bill(tmp_path, capsys, records, ini, first, last, *options):
    """Write *records* and call the command; return its exit status and what it printed."""
    folder, config = tmp_path / "log", tmp_path / "house.ini"
    write_log(folder, records)
    config.write_text(ini)
    capsys.readouterr()
    status = main(
        [
            "bill",
            "-c",
            str(config),
            "--lang",
            "en",
            "--log-dir",
            str(folder),
            "-s",
            first,
            "-e",
            last,
            *options,
        ]
    )
    printed = capsys.readouterr()
    return status, printed.out, printed.err


def lines_of(figures) -> list[tuple[object, ...]]:
    """Return the lines of a bill as they are compared: kind, register, days, kWh, price, €."""
    return [
        (line["kind"], line["register"], line["from"], line["to"], line["kwh"], line["price"], line["eur"])
        for line in figures["lines"]
    ]


#: The log of an EJP house over the reform of 1 February 2026.
EJP = [
    ("2026-01-08", {"HN": 68_832_000, "PM": 8_007_000}),
    ("2026-02-01", {"HN": 70_166_000, "PM": 8_095_000}),
    ("2026-03-08", {"HN": 71_851_000, "PM": 8_311_000}),
]


def new_meter() -> list[Record]:
    """Return the log of a house whose meter was changed on 3 June 2026; the new one begins at 3 kWh."""
    old = rows(
        [("2026-05-20", {"TH": 58_231_000}), ("2026-06-03T14:00", {"TH": 58_477_000})], subscribed_power=6000
    )
    new = rows(
        [("2026-06-03T14:30", {"TH": 3_000}), ("2026-07-20", {"TH": 509_000})],
        subscribed_power=6000,
        meter="aaaaaaaaaaaa",
    )
    return [*old, *new]


def whole_year() -> list[Record]:
    """Return the log of a house from 1 February 2025 to 31 January 2026, with the kWh of each month."""
    months = [612, 548, 401, 322, 287, 264, 259, 281, 346, 498, 577, 655]
    known = [(day, {"TH": 1_000_000 + 1000 * sum(months[:place])}) for place, day in enumerate(FIRST_DAYS)]
    return rows(known, subscribed_power=6000)


#: The first days of the months of that year, and of the month after.
FIRST_DAYS = [*(f"2025-{month:02d}-01" for month in range(2, 13)), "2026-01-01", "2026-02-01"]
