"""The report of a damaged log of three days."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

from linkymonitor.daily_log.files import file_of
from linkymonitor.daily_log.line import format_record
from linkymonitor.daily_log.statements import format_contract
from linkymonitor.model.record import Contract, Record
from linkymonitor.model.terms import Mode
from linkymonitor.money.book import PriceBook
from linkymonitor.money.tariffs import Prices
from linkymonitor.system.storage import Storage
from tests.fuzz.shared import LOG, ZONE
from tests.support.crash_model import CrashDisk

_FIRST_DAY = date(2026, 1, 12)
_PRICES = PriceBook(Prices(hc=Decimal("0.2068"), hp=Decimal("0.27"), subscription_month=Decimal("12.44")))
_INSERTED = (
    b"\tINFO\tGrille: heures=A",
    b"\tINFO\tGrille: heures=B, demain=00:00 HC; 06:00 HP, nouveau=1",
    b"\tINFO\tGrille: demain=; ;, noms=F01 x; , neuf=2",
    b"\tINFO\tContrat: mode=historique, option=HC, puissance=6000, phases=1, producteur=, compteur=0440",
    b"\tINFO\tContrat: mode=standard, option=BASE, puissance=0, phases=3, producteur=oui, compteur=",
    b"\tINFO\tContrat: mode=historique, option=X, puissance="
    + b"9" * 400
    + b", phases=1, producteur=, compteur=1",
    b"\tDATA\tPeriode=HP.., IndexHN=000688322, IndexHPM=000080072, PuissConsommee=00000, IConsommee=013",
    b"\tWARN\t<script>\xff\x1b[2J",
)


@cache
def _week() -> Mapping[str, tuple[bytes, ...]]:
    """Return file → the lines of three UTC days of a house, a record every half an hour."""
    made = Contract(mode=Mode.STANDARD, option="HC", registers=("HC", "HP"), subscribed_power=9000, phases=1)
    files: dict[str, list[bytes]] = {}
    counts = {"HC": 1_000_000, "HP": 2_000_000}
    for n in range(145):
        at = datetime(2026, 1, 11, 22, tzinfo=UTC) + timedelta(minutes=30 * n)
        name = "HC" if at.hour < 6 else "HP"
        counts[name] += 300 + 7 * (n % 13)
        one = Record(
            started_at=at,
            ended_at=at,
            contract=made,
            tariff_period=f"{name}..",
            apparent_power=700,
            indexes=dict(counts),
            total_index=sum(counts.values()),
            injected_power=0,
            frames=8,
        )
        lines = files.setdefault(str(file_of(LOG, at.date())), [])
        stamp = at.strftime("%Y/%m/%d %H:%M:%S")
        if not lines:
            lines.append(f"{stamp}\tINFO\t{format_contract(made, 'a grain of salt')}".encode())
        lines.append(f"{stamp}\tDATA\t{format_record(one)}".encode())
    return {name: tuple(lines) for name, lines in files.items()}


def _damaged(data: bytes) -> dict[str, bytes]:
    """Return the log of three days with the damages of *data*: four bytes for each damage."""
    files = {name: list(lines) for name, lines in _week().items()}
    names = list(files)
    for at in range(0, min(len(data) - 3, 64), 4):
        what, where, more = data[at] % 9, data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        lines = files[names[where % len(names)]]
        if not lines:
            continue
        place = more % len(lines)
        one = lines[place]
        if what == 0:
            del lines[place : place + 1 + where // 8]
        elif what == 1:
            lines.insert(place, one)
        elif what == 2:
            lines[place] = re.sub(rb"(Index(?:HC|HP|Total))=\d{9}", rb"\1=", one, count=1 + where % 3)
        elif what == 3:  # the clock is set back
            lines[place:place] = lines[max(place - where, 0) : place]
        elif what == 4:
            lines.insert(place, one[:19] + _INSERTED[where % len(_INSERTED)])
        elif what == 5:
            cut = more % (len(one) + 1)
            lines[place] = one[:cut] + data[at : at + 1 + where % 40] + one[cut + where % 3 :]
        elif what == 6:
            lines[place] = one + b", Neuf=7\r"
        elif what == 7:
            digit = 20 + more % (max(len(one), 21) - 20)
            if one[digit : digit + 1].isdigit():
                lines[place] = one[:digit] + b"%d" % (where % 10) + one[digit + 1 :]
        else:
            lines.clear()
    return {name: b"".join(line + b"\n" for line in lines) for name, lines in files.items()}


def report(data: bytes) -> None:
    """A damaged log: pages and figures are made, the days add up to the range, and a day is the same alone."""
    from linkymonitor.report import build as reports
    from linkymonitor.report.range import as_json
    from linkymonitor.report.section import Settings
    from tests.support.figures import days

    disk = CrashDisk(_damaged(data))
    storage = Storage(disk)
    failures: list[str] = []
    last = _FIRST_DAY + timedelta(days=2)
    common: dict[str, Any] = {
        "tz": ZONE,
        "prices": _PRICES,
        "now": datetime(2026, 1, 20, tzinfo=UTC),
        "storage": storage,
    }
    together = list(days(LOG, (_FIRST_DAY, last), **common))
    for one in together:
        (alone,) = days(LOG, (one.date, one.date), **common)
        assert alone == one, "a day is another one in a range"
        assert one.consumed is None or one.consumed >= 0
    found = as_json(LOG, (_FIRST_DAY, last), **common, on_failure=failures.append)
    used = [one.consumed for one in together if one.consumed is not None]
    consumed: Any = found["consumed"]
    assert consumed["wh"] is None or consumed["wh"] == sum(used), "the days are not the range"
    if crc32(data) % 8 == 0:
        where = Settings(dir=Path("/pages"))
        options = common | {"lang": "fr" if len(data) % 2 else "en", "on_failure": failures.append}
        reports.build(where, LOG, (_FIRST_DAY, last), **options)
    assert not failures, failures
