"""A house whose days are known to the Wh: records for the report's tests, and their log files."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from linkymonitor.daily_log.line import format_record
from linkymonitor.daily_log.statements import format_contract
from linkymonitor.model.record import Contract, Record
from linkymonitor.model.terms import Colour, Mode

PARIS = ZoneInfo("Europe/Paris")
STEP = 30


def contract(option: str = "EJP", **changes: object) -> Contract:
    registers = {
        "BASE": ("TH",),
        "HC": ("HC", "HP"),
        "EJP": ("HN", "PM"),
        "TEMPO": ("HCJB", "HPJB", "HCJW", "HPJW", "HCJR", "HPJR"),
    }.get(option, ("F01", "F02"))
    values: dict[str, object] = {
        "mode": Mode.HISTORIQUE,
        "option": option,
        "registers": registers,
        "subscribed_power": 9000,
        "phases": 1,
        "meter": "3f9ac1d27b40",
    }
    return Contract(**(values | changes))  # type: ignore[arg-type]


def local(day: date, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    """Return a time on the wall as UTC."""
    return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=PARIS).astimezone(UTC)


def period_of(option: str, ejp: Iterable[date] = (), tempo: dict[date, str] | None = None):
    """Return a function of local time that gives the period in force, as PTEC spells it."""
    peaks = frozenset(ejp)
    colours = tempo or {}

    def period(when: datetime) -> str:
        if option == "BASE":
            return "TH.."
        if option == "HC":
            return "HC.." if when.hour >= 22 or when.hour < 6 else "HP.."
        if option == "EJP":
            begun = (when - timedelta(hours=7)).date()
            return (
                "PM.." if begun in peaks and when - timedelta(hours=1) < _naive(begun, 24, when) else "HN.."
            )
        if option == "TEMPO":
            colour = colours.get((when - timedelta(hours=6)).date(), "B")
            return ("HC" if when.hour >= 22 or when.hour < 6 else "HP") + "J" + colour
        return "F01" if when.hour < 12 else "F02"

    return period


def _naive(day: date, hour: int, like: datetime) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=like.tzinfo) + timedelta(hours=hour)


def flat(watts: int) -> Callable[[datetime], int]:
    return lambda when: watts


def noise(at: float, seed: int = 0) -> float:
    """Return a number between -1 and 1 that looks random and never changes."""
    value = math.sin(at * 12.9898 + seed * 78.233) * 43758.5453
    return 2 * (value - math.floor(value)) - 1


def lively(when: datetime) -> int:
    """Return the power of a household with a water heater, solar panels and a dinner; negative: it injects."""
    hour = when.hour + when.minute / 60 + when.second / 3600
    seconds = when.timestamp()
    watts = 230 + 60 * (math.sin(hour * 9) > 0.2) + 12 * noise(seconds)
    if 1 <= hour < 4.17:
        watts += 2100 + 25 * noise(seconds, 1)
    if 6.6 <= hour < 8:
        watts += 1000 + 700 * (noise(seconds // 300, 2) > 0.3)
    if 9.3 < hour < 16:
        cloud = 0.45 + 0.55 * (noise(seconds // 700, 3) > -0.5)
        watts -= 2300 * math.sin((hour - 9.3) / 6.7 * math.pi) * cloud
    if 18 <= hour < 21.2:
        watts += 900 + 1500 * math.exp(-((hour - 19.6) ** 2) * 4) + 1100 * (noise(seconds // 240, 4) > 0.45)
        watts += 90 * noise(seconds, 5)
    return round(watts)


def records(
    start: datetime,
    end: datetime,
    *,
    power: Callable[[datetime], int] = lively,
    period: Callable[[datetime], str] | None = None,
    contract: Contract | None = None,
    indexes: dict[str, int] | None = None,
    step: int = STEP,
    silent: Iterable[tuple[datetime, datetime]] = (),
    injected_index: int | None = None,
    voltage: int | None = None,
    tomorrow: Colour | None = None,
) -> list[Record]:
    """Return the records from *start* to *end*, one each *step* seconds; the meter counts in silences too."""
    made = contract or globals()["contract"]()
    period = period or period_of(made.option)
    counts = {
        name: float((indexes or {}).get(name, 1_000_000 * (n + 1))) for n, name in enumerate(made.registers)
    }
    given = None if injected_index is None else float(injected_index)
    holes = list(silent)
    found: list[Record] = []
    at = start
    previous = start
    while at < end:
        following = at + timedelta(seconds=step)
        # A record also ends at each full and half hour.
        half = at.replace(minute=30 if at.minute >= 30 else 0, second=0, microsecond=0) + timedelta(
            minutes=30
        )
        following = min(following, half, end)
        seconds = (following - at).total_seconds()
        when = (at + (following - at) / 2).astimezone(PARIS)
        watts = power(when)
        running = period(when)
        name = running.rstrip(".")
        if watts >= 0:
            counts[name] += watts * seconds / 3600
        elif given is not None:
            given += -watts * seconds / 3600
        volts = voltage or 230
        current = round(abs(watts) / volts)
        used = max(watts, 0)
        if not any(a < following <= b for a, b in holes):
            found.append(
                Record(
                    started_at=previous,
                    ended_at=following,
                    contract=made,
                    tariff_period=running,
                    apparent_power=used,
                    power_min=max(
                        used - round(abs(noise(seconds + following.timestamp(), 7)) * 0.06 * used), 0
                    ),
                    power_max=used + round(abs(noise(following.timestamp(), 8)) * 0.08 * used),
                    injected_power=(-watts if given is not None else current * volts) if watts < 0 else 0,
                    current=current,
                    voltages=(voltage,) if voltage else (),
                    indexes={key: int(value) for key, value in counts.items()},
                    injected_index=None if given is None else int(given),
                    tomorrow=tomorrow,
                    frames=8,
                    rejected=0,
                )
            )
            previous = following
        else:
            previous = following
        at = following
    return found


def write_log(folder: Path, rows: Iterable[Record]) -> None:
    """Write *rows* as the daemon would: a file for each UTC day, the contract first and at each change."""
    files: dict[str, list[str]] = {}
    stated: dict[str, Contract | None] = {}
    for row in rows:
        name = row.ended_at.strftime("%Y_%m_%d_linkymonitor.log")
        lines = files.setdefault(name, [])
        stamp = row.ended_at.strftime("%Y/%m/%d %H:%M:%S")
        if row.contract is not None and stated.get(name) != row.contract:
            stated[name] = row.contract
            lines.append(f"{stamp}\tINFO\t{format_contract(row.contract, 'a grain of salt')}\n")
        lines.append(f"{stamp}\tDATA\t{format_record(row)}\n")
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in files.items():
        (folder / name).write_text("".join(lines))
