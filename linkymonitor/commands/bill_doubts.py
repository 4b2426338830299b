"""What does not fit in the answers of ``bill --enter``: of a line, and of the sums below the lines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from linkymonitor.billing.amounts import TVA_ROUNDING, half_away, product_of
from linkymonitor.billing.own_faults import product_text, wrong_kwh
from linkymonitor.commands.bill_questions import Answers, is_counted, is_tva, rate_key, suggested
from linkymonitor.language import Text, written_date
from linkymonitor.money.statements import decimal

#: No kWh has cost more, in €.
_MOST_A_KWH = 1
#: The rates of the TVA in France since 2000, Corsica and overseas included, in percent.
_RATES = tuple(map(Decimal, ("0", "2.1", "5.5", "7", "8.5", "10", "13", "19.6", "20")))
#: A bill of a year has no line of more days.
_MOST_DAYS = 400
#: The subscription of a year may be paid in advance.
_YEAR = timedelta(days=366)


def doubt_of_line(key: str, line: Answers, today: date) -> Text | None:
    """Return what does not fit the answer to *key* in *line*, None when all fits."""
    if key in ("from", "to"):
        return _doubt_of_day(key, line, today)
    if key in ("index_to", "kwh") and "index_from" in line and "index_to" in line:
        return _doubt_of_index(key, line)
    if key == "price" and "kwh" in line and Decimal(line["price"]) > _MOST_A_KWH:
        dear = decimal(Decimal(line["price"]))
        return Text(
            f"{dear.fr} € par kWh ? en centimes, tapez « {dear.fr} c€ » ; par MWh, « {dear.fr} €/MWh »",
            f"{dear.en} € a kWh? in cents, type “{dear.en} c€”; a MWh, “{dear.en} €/MWh”",
        )
    if key == "eur" and "kwh" in line and "price" in line:
        price, eur = Decimal(line["price"]), Decimal(line["eur"])
        product = product_of(int(line["kwh"]), price, eur)
        if not product.fits:
            return product_text(int(line["kwh"]), price, product.eur, eur)
    if (key == "tva" or (key == "price" and is_tva(line))) and Decimal(line[key]) not in _RATES:
        rate = decimal(Decimal(line[key]))
        return Text(
            f"{rate.fr} % n'est pas un taux de TVA, tel que 20, 10 ou 5,5",
            f"{rate.en} % is no rate of the TVA, such as 20, 10 or 5.5",
        )
    return None


def _doubt_of_day(key: str, line: Answers, today: date) -> Text | None:
    day = date.fromisoformat(line[key])
    if day > (today if is_counted(line) else today + _YEAR):
        on = written_date(day)
        return Text(f"le {on.fr} n'est pas encore passé", f"{on.en} is yet to come")
    if key == "from" or "from" not in line:
        return None
    days = (day - date.fromisoformat(line["from"])).days + 1
    if days < 1:
        return Text("ce dernier jour est avant le premier", "that last day is before the first one")
    if days > _MOST_DAYS:
        return Text(f"cette ligne aurait {days} jours", f"this line would have {days} days")
    return None


def _doubt_of_index(key: str, line: Answers) -> Text | None:
    between = suggested("kwh", line, {})
    if between is None and key == "index_to":
        return Text(
            f"ce nouvel index recule : {line['index_to']} après {line['index_from']}",
            f"this new index goes back: {line['index_to']} after {line['index_from']}",
        )
    if between is not None and key == "kwh" and between != line["kwh"]:
        return wrong_kwh(int(line["index_from"]), int(line["index_to"]), int(line["kwh"]))
    return None


def doubt_of_sum(key: str, lines: Sequence[Answers], top: Answers) -> Text | None:
    """Return what does not fit the answer to *key* in the sums *top* below the *lines*, None when all fits."""
    charged = [line for line in lines if not is_tva(line)]
    if not charged:
        return None
    without_taxes = top.get("path") == '"ht"'
    typed, summed = Decimal(top[key]), _summed(charged)
    if key.startswith("tva "):
        return _doubt_of_tva(Decimal(key.removeprefix("tva ")), charged, typed, without_taxes=without_taxes)
    if key == "ht":
        return _doubt_of_addition(summed, typed)
    if not without_taxes:
        tva = _tva_due(charged)
        if not tva or abs(summed + tva - typed) > TVA_ROUNDING:
            return _doubt_of_addition(summed, typed)
        if "path" not in top:  # it is seen by these sums that the lines are without taxes
            return None
        without = Text(
            " ; elles sont donc hors taxes : tapez 0 à « ligne », puis h",
            "; so they are without taxes: type 0 at “line”, then h",
        )
        return _doubt_of_addition(summed, typed, without)
    ht = Decimal(top.get("ht", summed))
    printed = [Decimal(value) for name, value in top.items() if name.startswith("tva ")]
    printed += [Decimal(line["eur"]) for line in lines if is_tva(line)]
    tva = sum(printed, Decimal(0)) if printed else _tva_due(charged)
    if abs(ht + tva - typed) <= (0 if printed else TVA_ROUNDING):
        return None
    base, tax, own, total = map(decimal, (ht, tva, ht + tva, typed))
    return Text(
        f"{base.fr} + {tax.fr} de TVA font {own.fr} €, non {total.fr} €",
        f"{base.en} + {tax.en} of TVA are {own.en} €, not {total.en} €",
    )


def _doubt_of_addition(summed: Decimal, typed: Decimal, reason: Text | str = "") -> Text | None:
    if summed == typed:
        return None
    own, total = decimal(summed), decimal(typed)
    return (
        Text(f"les lignes font {own.fr} €, non {total.fr} €", f"the lines are {own.en} €, not {total.en} €")
        + reason
    )


def _doubt_of_tva(
    rate: Decimal, charged: Sequence[Answers], typed: Decimal, *, without_taxes: bool
) -> Text | None:
    taxed = _summed(_of_rate(charged, rate))
    due = half_away(Fraction(taxed * rate) / (100 if without_taxes else 100 + Fraction(rate)), 2)
    if abs(due - typed) <= TVA_ROUNDING:
        return None
    percent, base, own, printed = map(decimal, (rate, taxed, due, typed))
    if without_taxes:
        return Text(
            f"{percent.fr} % de {base.fr} € font {own.fr} €, non {printed.fr} €",
            f"{percent.en} % of {base.en} € are {own.en} €, not {printed.en} €",
        )
    return Text(
        f"{base.fr} € TTC contiennent {own.fr} € de TVA, non {printed.fr} €",
        f"{base.en} € with taxes contain {own.en} € of TVA, not {printed.en} €",
    )


def _summed(lines: Sequence[Answers]) -> Decimal:
    return sum((Decimal(line["eur"]) for line in lines), Decimal(0))


def _of_rate(lines: Sequence[Answers], rate: Decimal) -> list[Answers]:
    return [line for line in lines if "tva" in line and rate_key(Decimal(line["tva"])) == rate_key(rate)]


def _tva_due(lines: Sequence[Answers]) -> Decimal:
    """Return the TVA on *lines* that are without it, by their rates."""
    rates = {Decimal(line["tva"]) for line in lines if "tva" in line}
    return sum(
        (half_away(Fraction(_summed(_of_rate(lines, rate)) * rate) / 100, 2) for rate in rates), Decimal(0)
    )
