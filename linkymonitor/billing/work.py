"""Works a bill: its lines, the TVA, the total, and what to say beside them."""

# Strategy
#
# - Each line is rounded once; the total is the sum of the lines, so a reader can add it up by hand.
# - A bill is worked without taxes (path ``ht``) as a whole or not at all: where a price or a tax is not known, it is
#   worked from the printed prices, and a warning names what is missing.
# - What is not known is None, with its reason; so is every sum that it is part of.

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from linkymonitor.billing.amounts import half_away, shown, summed
from linkymonitor.billing.energy import Part, kwh_between, parts
from linkymonitor.billing.fixed import cta_lines, subscription_lines
from linkymonitor.billing.path import Pricing, missing_without_taxes
from linkymonitor.billing.rules import Rules
from linkymonitor.billing.values import ENERGY, INJECTED, TAX, Bill, BilledDay, Line, Stretch
from linkymonitor.language import Text, written_date, written_days
from linkymonitor.model.epochs import advance
from linkymonitor.money.contract import Lines, TaxPath
from linkymonitor.money.taxes import Taxes

_DAY = timedelta(days=1)
_NO_INDEX = Text("index inconnus", "indexes not known")
#: Registers and total may differ by so many Wh, because they are read a frame apart.
_APART = 1000


class Measured(NamedTuple):
    """What the meter counted on the days of a bill."""

    consumed: Sequence[Stretch]
    injected: Sequence[Stretch] = ()
    #: The same days by the total of the meter, where it has one.
    total: Sequence[Stretch] = ()
    #: Notes on the indexes.
    warnings: Sequence[Text] = ()
    #: The days of a mobile peak, and red days.
    peaks: Sequence[date] = ()
    #: Day, registers → between which readings the indexes at the first midnight of the day lie, None when not known.
    around: Callable[[date, tuple[str, ...]], Text | None] | None = None


def work(days: Sequence[BilledDay], after: BilledDay, measured: Measured, rules: Rules, taxes: Taxes) -> Bill:
    """Return the bill of *days*.

    Args:
        days: the days of the bill, in order.
        after: the day after the last one.
        measured: the indexes.
        rules: of the supplier.
        taxes: the rates of every day.
    """
    warnings = list(measured.warnings)
    path = rules.path
    if path is TaxPath.HT and (lacks := missing_without_taxes(days, rules.formula, taxes)) is not None:
        path = TaxPath.TTC
        warnings.append(
            Text(
                "facture établie TTC, non par les lignes hors taxes : ",
                "bill worked with taxes, not without: ",
            )
            + lacks
        )
    pricing = Pricing(path, taxes)
    lines = [*subscription_lines(days, after, pricing, rules), *_energy_lines(days, measured, pricing, rules)]
    if path is TaxPath.HT:
        lines += [*cta_lines(days, pricing, rules), *_accise_lines(days, measured, pricing, rules)]
    warnings += dict.fromkeys(warning for day in days for warning in day.prices.warnings)
    warnings += [*_estimates(lines, measured), *_apart(measured)]
    before = summed(line.eur for line in lines)
    if path is TaxPath.HT:
        tva = _tva(lines, lambda rate: Fraction(rate) / 100)
        added = summed(tva.values())
        ht, total = before, None if before is None or added is None else before + added
    else:
        tva = _tva(lines, lambda rate: Fraction(rate) / (100 + Fraction(rate)))
        ht, total = None, before
    return Bill(
        first=days[0].date,
        last=days[-1].date,
        offer=days[-1].prices.offer,
        path=path,
        lines=lines,
        tva=tva,
        ht=ht,
        total=total,
        revenue=list(_revenue(days, measured, rules)),
        warnings=warnings,
        peaks=measured.peaks,
        log_warnings=measured.warnings,
    )


def _energy_lines(
    days: Sequence[BilledDay], measured: Measured, pricing: Pricing, rules: Rules
) -> Iterator[Line]:
    by_power = rules.lines is Lines.PRICE_POWER
    for stretch, register in _registers(measured.consumed):

        def alike(day: BilledDay, register: str = register) -> object:
            return pricing.energy(day, register), pricing.tva_of_energy(day), day.kva if by_power else None

        for part in parts(stretch, register, days, alike, rules.split):
            if part.kwh == 0:
                continue
            line = _energy_line(part, stretch, pricing.energy(part.day, register), rules)
            yield line._replace(tva=pricing.tva_of_energy(part.day))


def _registers(stretches: Sequence[Stretch]) -> Iterator[tuple[Stretch, str]]:
    """Yield each register of each stretch, register by register."""
    for register in dict.fromkeys(register for stretch in stretches for register in stretch.registers):
        for stretch in stretches:
            if register in stretch.registers:
                yield stretch, register


def _energy_line(part: Part, stretch: Stretch, price: Decimal | None, rules: Rules) -> Line:
    label = part.day.priced(part.register).label(part.register)
    line = Line(
        ENERGY,
        label,
        part.first,
        part.last,
        None,
        register=part.register,
        index_from=part.index_from.wh if part.index_from and stretch.shown else None,
        index_to=part.index_to.wh if part.index_to and stretch.shown else None,
        estimated=tuple(
            day
            for day, index in ((part.first, part.index_from), (part.last + _DAY, part.index_to))
            if index is not None and index.estimated
        ),
        kwh=part.kwh,
        shared=part.shared if stretch.shown or part.shared is None else part.shared.without_indexes(),
        price=price,
    )
    if part.kwh is None:
        return line._replace(reason=stretch.missing.get(part.register, _NO_INDEX))
    if price is None:
        return line._replace(reason=part.day.prices.reason or _no_price(part))
    amount = Fraction(price) * part.kwh
    return line._replace(
        eur=half_away(amount, rules.decimals.energy), arithmetic=f"{part.kwh} × {price} = {shown(amount)}"
    )


def _no_price(part: Part) -> Text:
    """Return why the prices of a day have none for the register of *part*."""
    register, offer = part.register, part.day.prices.offer
    if offer is None:
        return Text(f"prix de {register} non réglé", f"price of {register} not set")
    counted = written_days(part.first, part.last)
    if part.first == part.last:
        day = written_date(part.first)
        counted = Text(f"le {day.fr}", f"on {day.en}")
    return Text(
        f"l'offre {offer} n'a pas de prix de {register}, sur lequel le compteur a compté {counted.fr} : est-ce bien "
        "l'offre de ces jours ([contract] offer, [contract:DATE]) ?",
        f"the offer {offer} has no price of {register}, on which the meter counted {counted.en}: is it the offer of "
        "those days ([contract] offer, [contract:DATE])?",
    )


def _accise_lines(
    days: Sequence[BilledDay], measured: Measured, pricing: Pricing, rules: Rules
) -> Iterator[Line]:
    """Yield a line for each rate of the accise, on the kWh of all registers."""

    def alike(day: BilledDay) -> object:
        return pricing.taxes.accise(day.date), pricing.tva_of_energy(day)

    by_rate: dict[object, list[Part]] = {}
    for stretch, register in _registers(measured.consumed):
        for part in parts(stretch, register, days, alike, rules.split):
            by_rate.setdefault(alike(part.day), []).append(part)
    for same in by_rate.values():
        rate = pricing.taxes.accise(same[0].day.date)
        kwh = [part.kwh for part in same]
        total = None if None in kwh or rate is None else sum(each or 0 for each in kwh)
        if total == 0:
            continue
        amount = None if total is None or rate is None else Fraction(rate) * total
        yield Line(
            TAX,
            Text("Accise sur l'électricité", "Accise on electricity"),
            min(part.first for part in same),
            max(part.last for part in same),
            None if amount is None else half_away(amount, rules.decimals.taxes),
            kwh=total,
            price=rate,
            tva=pricing.tva_of_energy(same[0].day),
            arithmetic="" if amount is None else f"{total} × {rate} = {shown(amount, 5)}",
            reason=_NO_INDEX if amount is None else None,
        )


def _tva(lines: Sequence[Line], part: Callable[[Decimal], Fraction]) -> dict[Decimal, Decimal | None]:
    """Return rate → the TVA on the sum of the lines that bear the rate; *part* gives what of the sum it is."""
    rates = sorted({line.tva for line in lines if line.tva is not None})
    found: dict[Decimal, Decimal | None] = {}
    for rate in rates:
        total = summed(line.eur for line in lines if line.tva == rate)
        found[rate] = None if total is None else half_away(Fraction(total) * part(rate), 2)
    return found


def _revenue(days: Sequence[BilledDay], measured: Measured, rules: Rules) -> Iterator[Line]:
    """Yield a line for each price of injected energy; its amount is None where no contract gives a price."""
    for stretch in measured.injected:
        if INJECTED not in stretch.registers:
            continue  # a house that injects nothing
        for part in parts(stretch, INJECTED, days, lambda day: day.prices.injection, rules.split):
            if part.kwh == 0:
                continue
            line = _energy_line(part, stretch, part.day.prices.injection, rules)
            if line.price is None and line.kwh is not None:
                line = line._replace(
                    reason=Text("pas de prix de rachat réglé", "no price of injected energy is set")
                )
            yield line._replace(label=Text("Énergie injectée", "Injected energy"))


def _estimates(lines: Sequence[Line], measured: Measured) -> Iterator[Text]:
    """Yield a note for each midnight at which an index of *lines* was estimated: between which readings it lies."""
    registers: dict[date, dict[str, None]] = {}
    for line in lines:
        for day in line.estimated:
            registers.setdefault(day, {})[line.register or ""] = None
    for day, names in sorted(registers.items()):
        note = measured.around(day, tuple(names)) if measured.around else None
        if note is not None:
            yield note


def _apart(measured: Measured) -> Iterator[Text]:
    """Yield a note for each meter whose registers and total differ by more than a kWh."""
    for stretch in measured.total:
        start, end = (side.get("") for side in (stretch.start, stretch.end))
        if start is None or end is None:
            continue
        total = advance(start.wh, end.wh)
        same = [
            each for each in measured.consumed if (each.first, each.last) == (stretch.first, stretch.last)
        ]
        counted = 0
        for each in same:
            for register in each.registers:
                begin, stop = each.start.get(register), each.end.get(register)
                if begin is None or stop is None:
                    return
                counted += advance(begin.wh, stop.wh)
        if same and abs(total - counted) > _APART:
            kwh = kwh_between(0, abs(total - counted))
            yield Text(
                f"les registres et le total du compteur diffèrent de {kwh} kWh",
                f"the registers and the total of the meter differ by {kwh} kWh",
            )
