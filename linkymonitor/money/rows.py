"""Reads the rows of prices of a table: no hole, no overlap, a price for each power and period."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any, NamedTuple

from linkymonitor.language import Text, written_date
from linkymonitor.money.table import Band, Gap, Row
from linkymonitor.money.tariffs import DOUBTED

Fault = Callable[[str, Text], None]

_ROW_KEYS = frozenset(
    (
        *("from", "until", "next_revision", "sources", "checked", "doubt", "doubt_fr", "note"),
        *("subscription_unit", "signed", "subscription", "energy", "ht"),
    )
)
#: A price with more decimals was computed in binary, such as 0.14700000000000002.
_MOST_PLACES = 6
#: A dearer subscription, in €/month, belongs to no house.
_DEAREST_MONTH = 200


class Found(NamedTuple):
    """What a table holds for its time."""

    rows: tuple[Row, ...]
    gaps: tuple[Gap, ...]


class Rows:
    """Reads the rows of one table.

    Args:
        fault: is handed each fault with its place.
        powers: the subscribed powers of the offer, in kVA.
        codes: the codes of its periods.
    """

    def __init__(self, fault: Fault, powers: Sequence[int], codes: Sequence[str]) -> None:
        self._fault = fault
        self._powers = powers
        self._codes = codes

    def read(self, content: Mapping[str, Any]) -> Found:
        """Return the rows and gaps of *content* in the order of time."""
        rows = [row for each in content.get("price", []) if (row := self._row(each)) is not None]
        gaps = [gap for each in content.get("gap", []) if (gap := self._gap(each)) is not None]
        if not rows:
            self._fault(
                "[[price]]",
                Text("manque ; une rangée de prix au moins", "missing; one row of prices at least"),
            )
        self._check_time(sorted([*rows, *gaps], key=lambda part: part.start))
        return Found(tuple(sorted(rows, key=lambda row: row.start)), tuple(gaps))

    def _check_time(self, parts: Sequence[Row | Gap]) -> None:
        """Find the holes and overlaps between *parts*, in order."""
        for part, after in pairwise(parts):
            if part.end is None:
                self._fault(
                    f"{_named(part)} {part.start}",
                    Text(
                        f"n'a pas de fin, et {_named(after)} {after.start} suit ; ajoutez until = {after.start}",
                        f"has no end, and {_named(after)} {after.start} follows; add until = {after.start}",
                    ),
                )
            elif part.end < after.start:
                begin, end = written_date(part.end), written_date(after.start)
                self._fault(
                    f"{_named(part)} {part.start}",
                    Text(
                        f"un trou du {begin.fr} au {end.fr} ; ajoutez une rangée, ou un [[gap]] avec sa raison",
                        f"a hole from {begin.en} to {end.en}; add a row, or a [[gap]] with its reason",
                    ),
                )
            elif part.end > after.start:
                end = written_date(part.end)
                self._fault(
                    f"{_named(part)} {part.start}",
                    Text(
                        f"chevauche {_named(after)} {after.start} jusqu'au {end.fr} ; écrivez until = {after.start}",
                        f"overlaps {_named(after)} {after.start} until {end.en}; write until = {after.start}",
                    ),
                )
        if not parts:
            return
        last = parts[-1]
        if last.end is not None:
            end = written_date(last.end)
            self._fault(
                f"{_named(last)} {last.start}",
                Text(
                    f"rien à partir du {end.fr} ; ajoutez une rangée, ou un [[gap]] from = {last.end} avec sa raison",
                    f"nothing from {end.en} on; add a row, or a [[gap]] from = {last.end} with its reason",
                ),
            )
        elif isinstance(last, Row) and last.next_revision is None:
            self._fault(
                f"[[price]] {last.start}",
                Text(
                    "la rangée ouverte n'a pas de next_revision ; donnez le jour de la prochaine révision",
                    "the open row has no next_revision; give the day of the next revision",
                ),
            )

    def _row(self, content: Mapping[str, Any]) -> Row | None:
        start, end = content.get("from"), content.get("until")
        place = f"[[price]] {start or ''}"
        if not self._dated(place, start, end):
            return None
        for key in content.keys() - _ROW_KEYS:
            self._fault(f"{place} {key}", Text("inconnu ; supprimez cette clé", "unknown; remove this key"))
        for key in ("sources", "checked", "doubt"):
            if key not in content:
                self._fault(
                    f"{place} {key}",
                    Text(
                        "manque ; chaque rangée nomme ses sources, le jour de leur lecture et son doute",
                        "missing; each row names its sources, the day they were read, and its doubt",
                    ),
                )
        if not isinstance(content.get("doubt", ""), str):
            self._fault(f"{place} doubt", Text('on attend un texte entre "…"', 'expected a text in "…"'))
            return None
        revision = content.get("next_revision")
        if revision is not None and type(revision) is not date:
            self._fault(
                f"{place} next_revision",
                Text(
                    "on attend une date sans guillemets, telle que 2027-02-01",
                    "expected a date without quotes, such as 2027-02-01",
                ),
            )
        unit = content.get("subscription_unit", "month")
        if unit not in ("month", "year"):
            self._fault(
                f"{place} subscription_unit", Text("on attend month ou year", "expected month or year")
            )
        subscription = self._subscription(place, content, by_year=unit == "year")
        doubt = content.get("doubt", "")
        signed = content.get("signed")
        without = content.get("ht", {})
        return Row(
            start=content["from"],
            end=end,
            subscription=subscription,
            energy=self._energy(place, content.get("energy", {}), subscription),
            next_revision=revision,
            doubt=Text(content.get("doubt_fr", doubt), doubt) if doubt else None,
            by_year=unit == "year",
            signed=None if signed is None else (signed["from"], signed.get("until")),
            subscription_ht=self._subscription_ht(place, without.get("subscription", {})),
            energy_ht={
                code: tuple(self._bands(f"{place} [price.ht.energy] {code}", value))
                for code, value in without.get("energy", {}).items()
            },
        )

    def _subscription_ht(self, place: str, content: Mapping[str, Any]) -> dict[int, Decimal]:
        """Return the prices without taxes: those of some powers may be missing."""
        prices: dict[int, Decimal] = {}
        for key, value in content.items():
            price = self._amount(f"{place} [price.ht.subscription] {key} = {value}", value)
            if key.isdecimal() and price is not None:
                prices[int(key)] = price
        return prices

    def _gap(self, content: Mapping[str, Any]) -> Gap | None:
        start, end, reason = content.get("from"), content.get("until"), content.get("reason", "")
        place = f"[[gap]] {start or ''}"
        if not self._dated(place, start, end):
            return None
        if not reason:
            self._fault(
                f"{place} reason",
                Text("manque ; dites pourquoi les prix manquent", "missing; say why there are no prices"),
            )
        return Gap(content["from"], end, Text(content.get("reason_fr", reason), reason))

    def _dated(self, place: str, start: object, end: object) -> bool:
        if type(start) is not date or (end is not None and type(end) is not date):
            self._fault(
                place,
                Text(
                    "from, until : on attend des dates sans guillemets, telles que 2026-08-01",
                    "from, until: expected dates without quotes, such as 2026-08-01",
                ),
            )
            return False
        if end is not None and end <= start:
            self._fault(
                place,
                Text(
                    f"until = {end} ne vient pas après from ; until est le premier jour hors de la rangée",
                    f"until = {end} is not after from; until is the first day out of the row",
                ),
            )
            return False
        return True

    def _subscription(self, place: str, content: Mapping[str, Any], *, by_year: bool) -> dict[int, Decimal]:
        prices: dict[int, Decimal] = {}
        for key, value in content.get("subscription", {}).items():
            where = f"{place} [price.subscription] {key} = {value}"
            if not key.isdecimal() or int(key) not in self._powers:
                self._fault(
                    where,
                    Text(
                        f"{key} kVA n'est pas dans powers ({_listed(self._powers)}) ; corrigez l'un ou l'autre",
                        f"{key} kVA is not in powers ({_listed(self._powers)}); mend one or the other",
                    ),
                )
                continue
            price = self._amount(where, value)
            if price is not None and price > _DEAREST_MONTH * (12 if by_year else 1):
                self._fault(
                    where,
                    Text(
                        'trop pour un abonnement en € TTC ; est-ce un prix de l\'année ? subscription_unit = "year"',
                        'too much for a subscription in € TTC; is it for a year? subscription_unit = "year"',
                    ),
                )
            if price is not None:
                prices[int(key)] = price
        note = content.get("note", "")
        missing = [kva for kva in self._powers if str(kva) not in content.get("subscription", {})]
        if missing and "not offered" not in note:
            self._fault(
                f"{place} [price.subscription]",
                Text(
                    f"{_listed(missing)} kVA manque ; ajoutez son prix, ou une note avec « not offered »",
                    f"{_listed(missing)} kVA is missing; add its price, or a note with 'not offered'",
                ),
            )
        ordered = [prices[kva] for kva in sorted(prices)]
        if ordered != sorted(ordered) and "as printed" not in note:
            self._fault(
                f"{place} [price.subscription]",
                Text(
                    "une puissance plus grande coûte moins ; corrigez, ou ajoutez une note avec « as printed »",
                    "a bigger power costs less; mend it, or add a note with 'as printed'",
                ),
            )
        return prices

    def _energy(
        self, place: str, content: Mapping[str, Any], subscription: Mapping[int, Decimal]
    ) -> dict[str, tuple[Band, ...]]:
        place = f"{place} [price.energy]"
        for code in sorted(content.keys() - set(self._codes)):
            self._fault(
                f"{place} {code}",
                Text(
                    f"aucune période de ce nom ; il y a {', '.join(self._codes)}",
                    f"no period of that name; there are {', '.join(self._codes)}",
                ),
            )
        energy = {}
        for code in self._codes:
            if code not in content:
                self._fault(f"{place} {code}", Text("manque ; ajoutez son prix", "missing; add its price"))
                continue
            energy[code] = tuple(self._bands(f"{place} {code}", content[code]))
            for kva in subscription:
                count = sum(band.low <= kva <= band.high for band in energy[code])
                if count != 1:
                    self._fault(
                        f"{place} {code}",
                        Text(
                            f"{kva} kVA y a {count} prix ; on en attend un",
                            f"{kva} kVA has {count} prices there; expected one",
                        ),
                    )
        return energy

    def _bands(self, place: str, value: object) -> Iterator[Band]:
        for key, price in value.items() if isinstance(value, dict) else [("1-36", value)]:
            low, _, high = key.partition("-")
            where = f"{place} = {price}" if not isinstance(value, dict) else f"{place} {key} = {price}"
            if not low.isdecimal() or not (high or low).isdecimal():
                self._fault(where, Text("on attend des kVA, tels que 3-6", "expected kVA, such as 3-6"))
                continue
            number = self._amount(where, price)
            if number is not None and number > DOUBTED:
                euros = number / 100
                self._fault(
                    where,
                    Text(
                        f"plus de 3 €/kWh ; un prix est en euros, non en centimes : peut-être {euros:f}",
                        f"more than 3 €/kWh; a price is in euros, not in centimes: perhaps {euros:f}",
                    ),
                )
            if number is not None:
                yield Band(int(low), int(high or low), number)

    def _amount(self, place: str, value: object) -> Decimal | None:
        if isinstance(value, str) and _plain(value.replace(",", ".")):
            point = value.replace(",", ".")
            self._fault(
                place,
                Text(
                    f"un texte, non un nombre ; écrivez {point} sans guillemets",
                    f"a text, not a number; write {point} without quotes",
                ),
            )
            return None
        number = Decimal(value) if isinstance(value, Decimal) or type(value) is int else None
        if number is None or not number.is_finite() or number < 0:
            self._fault(
                place,
                Text(
                    "on attend un prix tel que 0.1781, nul ou positif",
                    "expected a price such as 0.1781, zero or more",
                ),
            )
            return None
        exponent = number.as_tuple().exponent
        if isinstance(exponent, int) and exponent < -_MOST_PLACES:
            rounded = round(number, 4)
            self._fault(
                place,
                Text(
                    f"plus de 6 décimales, comme d'un flottant ; écrivez le prix tel qu'imprimé, peut-être {rounded:f}",
                    f"more than 6 decimals, as of a float; write the price as printed, perhaps {rounded:f}",
                ),
            )
            return None
        return number


def _plain(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal()


def _listed(powers: Sequence[int]) -> str:
    return ", ".join(map(str, powers))


def _named(part: Row | Gap) -> str:
    return "[[price]]" if isinstance(part, Row) else "[[gap]]"
