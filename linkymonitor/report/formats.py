"""Numbers, dates and times as each language writes them."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from linkymonitor.language import MONTHS, WEEKDAYS
from linkymonitor.report.day import DayFigures

NBSP, THIN = "\u00a0", "\u202f"
_HIGH_MARKS = ";!?"
_UNITS = ("kWh", "Wh", "kVA", "VA", "W", "V", "€", "h", "min", "%")


def typeset(text: str) -> str:
    """Return the French *text* with its no-break spaces (Lexique de l'Imprimerie nationale)."""
    text = text.replace(" :", NBSP + ":")
    for mark in _HIGH_MARKS:
        text = text.replace(f" {mark}", THIN + mark)
    text = re.sub(r"\b1er\b", "1ᵉʳ", text)
    return re.sub(r"(\d) (h|min)\b", rf"\1{NBSP}\2", with_units(text))


def with_units(text: str) -> str:
    """Return *text*, of either language, whose figures are not parted from their units."""
    for unit in _UNITS:
        text = text.replace(f"}} {unit}", f"}}{NBSP}{unit}").replace(f"}}* {unit}", f"}}*{NBSP}{unit}")
    return text


class Formats:
    """Numbers, dates and times in one language, and in the time zone of the pages.

    Args:
        lang: ``fr`` or ``en``.
        tz: the zone of the times.
    """

    def __init__(self, lang: str, tz: ZoneInfo) -> None:
        self.lang = lang
        self.french = lang != "en"
        self._tz = tz

    def number(self, value: Decimal | float, places: int = 0) -> str:
        """Return *value* rounded half up to *places*, as the language writes it."""
        exact = value if isinstance(value, Decimal) else Decimal(str(value))
        text = f"{exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):,f}"
        return text.translate({ord(","): THIN, ord("."): ","}) if self.french else text

    def kwh(self, wh: int, places: int = 3) -> str:
        """Return *wh* as kWh."""
        return self.number(Decimal(wh) / 1000, places)

    def eur(self, amount: Decimal) -> str:
        """Return *amount* to the cent, without the sign €."""
        return self.number(amount, 2)

    def amount(self, eur: Decimal) -> str:
        """Return *eur* to the cent, with the sign € before or after it as the language asks."""
        return f"{self.eur(eur)}{NBSP}€" if self.french else f"€{self.eur(eur)}"

    def duration(self, seconds: float) -> str:
        """Return a length of time in hours and minutes."""
        hours, minutes = divmod(round(seconds / 60), 60)
        if not hours:
            return f"{minutes}{NBSP}min"
        return f"{hours}{NBSP}h" + (f"{NBSP}{minutes:02d}" if minutes else "")

    def price(self, amount: Decimal) -> str:
        """Return a price of the kWh with the decimals that were set, four at least."""
        exponent = amount.as_tuple().exponent
        return self.number(amount, max(4, -exponent if isinstance(exponent, int) else 4))

    def register(self, wh: int) -> str:
        """Return an index as the meter shows it, in groups of three."""
        return f"{wh:011,}".replace(",", NBSP)

    def percent(self, share: float, places: int = 1) -> str:
        """Return *share* of one as a percentage; never 100 when something is missing."""
        rounded = self.number(Decimal(str(share)) * 100, places if share < 1 else 0)
        if share < 1 and rounded == self.number(100, places):
            rounded = self.number(Decimal(100) - Decimal(1).scaleb(-places), places)
        return f"{rounded}{NBSP}%" if self.french else f"{rounded}%"

    def kva(self, va: int) -> str:
        """Return a subscribed power, in kVA."""
        return self.number(Decimal(va) / 1000, 0 if va % 1000 == 0 else 1)

    def power(self, va: int) -> tuple[str, str]:
        """Return a power and its unit, with three figures at most."""
        if va < 1000:
            return str(va), "VA"
        return self.number(Decimal(va) / 1000, 2 if va < 10000 else 1), "kVA"

    def clock(self, when: float, seconds: bool = False) -> str:
        """Return the local time of *when*."""
        local = datetime.fromtimestamp(when, self._tz)
        if not self.french:
            return local.strftime("%H:%M:%S" if seconds else "%H:%M")
        text = f"{local.hour}{NBSP}h"
        return f"{text}{NBSP}{local.minute:02d}" if local.minute else text

    def local_date(self, when: float) -> date:
        """Return the local date of *when*."""
        return datetime.fromtimestamp(when, self._tz).date()

    def hour(self, hour: int) -> str:
        """Return a whole hour."""
        return f"{hour}{NBSP}h" if self.french else f"{hour:02d}:00"

    def end_clock(self, when: float, day: DayFigures) -> str:
        """Return the local time of *when*; the midnight that ends *day* is 24 h."""
        return self.hour(24) if when >= day.end else self.clock(when)

    def offset(self, seconds: int) -> str:
        """Return an offset from UTC, which distinguishes the two hours of one name."""
        sign, (hours, rest) = "+" if seconds >= 0 else "−", divmod(abs(seconds), 3600)
        return f"UTC{sign}{hours}" + (f":{rest // 60:02d}" if rest else "")

    def weekday(self, day: date) -> str:
        """Return the name of the weekday."""
        return WEEKDAYS[day.weekday()].render(self.lang)

    def weekdays(self) -> list[str]:
        """Return the first letters of the week, Monday first."""
        return [name.render(self.lang)[:1].upper() for name in WEEKDAYS]

    def month(self, month: int) -> str:
        """Return the name of a month, 1 to 12."""
        return MONTHS[month - 1].render(self.lang)

    def short_date(self, day: date, *, year: bool) -> str:
        """Return a date in short form, with or without its year."""
        if self.french:
            return f"{day:%d/%m/%Y}" if year else f"{day:%d/%m}"
        text = f"{day.day}{NBSP}{self.month(day.month)[:3]}"
        return f"{text}{NBSP}{day.year}" if year else text

    def long_date(self, day: date) -> str:
        """Return a date in full, with a capital: the title of a page."""
        first = "1ᵉʳ" if day.day == 1 and self.french else str(day.day)
        text = f"{self.weekday(day)} {first}{NBSP}{self.month(day.month)} {day.year}"
        return text[0].upper() + text[1:]
