"""What a period that is not over will have used and cost when it is, and between which bounds."""

# Strategy
#
# - A day still to come is like the whole days of its kind, weekdays or days of week-ends, of the last four weeks. It
#   has their mean energy, at the prices of the day to come.
# - Where the contract has EJP, red or white days, a day to come is one of them as likely as the calendar has it
#   (chances.py). It is then like the days of this kind of this season; where none is known, like a plain day whose
#   hours have the dear price.
# - The bounds are the same sum with the quarter of the days that used least, and with the quarter that used most: cold
#   comes in weeks, so the days to come may all be alike, and their errors do not cancel. The number of special days is
#   at its lower or at its upper bound.
# - Days without data are expected like plain days to come: their energy is in no sum so far. When the newest data are
#   older than yesterday, there is no projection.
# - Nobody knows another season by this one: a period of which more than six weeks are to come has no projection.
# - What is left of today is a mean day of its kind less what today has used, and never less than nothing.
# - The days to come are computed once a day (`outlook_of`); what has been counted meanwhile is added in `Ahead.after`.

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from linkymonitor.estimate.chances import Chances, chances_of
from linkymonitor.estimate.kinds import Amounts, Kind, as_if, is_whole, plain_kinds, special_kind, weekly_kind
from linkymonitor.estimate.season import SEASONS, SPECIAL, DaysCounted, days_left
from linkymonitor.language import Text
from linkymonitor.money import bill
from linkymonitor.summaries.day import DaySummary

if TYPE_CHECKING:
    from linkymonitor.money.book import PriceBook

_DAY = timedelta(days=1)
#: The days of which a plain day to come is like one.
_SAMPLE = timedelta(days=28)
#: A projection needs so many whole days.
_FEWEST = 5
#: So many days to come may be like those of the sample.
_MOST_AHEAD = 45
#: Kinds of special days that change the price of all hours, or of nearly all.
_DEAR = ("ejp", "red")

_TOO_FEW = Text(
    f"moins de {_FEWEST} jours entiers et ordinaires ces quatre dernières semaines",
    f"fewer than {_FEWEST} whole, ordinary days in the last four weeks",
)
_TOO_FAR = Text(f"plus de {_MOST_AHEAD} jours à venir", f"more than {_MOST_AHEAD} days to come")
_STOPPED = Text("aucune donnée d'hier ni d'aujourd'hui", "no data of yesterday or today")
_NO_PRICE = Text("un prix des jours à venir manque", "a price of the days to come is missing")


class Projection(NamedTuple):
    """What the range will have used and cost when it is over."""

    until: date
    #: Days that are still to come, today included, and days without data, which are expected like these.
    days: int
    missing: int
    wh: int
    low_wh: int
    high_wh: int
    eur: Decimal | None
    low_eur: Decimal | None
    high_eur: Decimal | None
    #: From so many whole days: weekdays, days of week-ends.
    weekdays: int
    weekend_days: int
    #: The special days that the contract may have among the days after today.
    chances: tuple[Chances, ...] = ()
    #: What one more EJP or red day adds, where such a day is known; and of which kind it is.
    one_more_eur: Decimal | None = None
    one_more: str | None = None
    #: What a day still to come is expected to use and cost, drawn dashed: date → (Wh, €).
    ahead: Mapping[date, tuple[int, Decimal | None]] = {}
    #: Why there is no amount of money.
    reason: Text | None = None


class SoFar(NamedTuple):
    """What is counted of the period already: Wh and €, the subscription of the days that have begun included."""

    wh: int
    eur: Decimal | None
    #: Of these, the energy of today and its cost.
    today_wh: int = 0
    today_eur: Decimal | None = Decimal(0)


class Ahead(NamedTuple):
    """What the days to come are expected to use and cost."""

    until: date
    days: int
    missing: int
    #: A whole day like today: its energy, and the cost of that.
    today_wh: Amounts
    today_eur: Amounts | None
    #: The days after today, whose cost has their subscription, and the days without data, whose cost has none.
    wh: Amounts
    eur: Amounts | None
    by_day: Mapping[date, tuple[int, Decimal | None]]
    weekdays: int
    weekend_days: int
    chances: tuple[Chances, ...]
    one_more_eur: Decimal | None
    one_more: str | None
    reason: Text | None

    def after(self, so_far: SoFar) -> Projection:
        """Return what the period comes to after what is counted *so_far*."""
        wh = [
            so_far.wh + round(max(today - so_far.today_wh, Decimal(0)) + rest)
            for today, rest in zip(self.today_wh, self.wh, strict=True)
        ]
        eur: list[Decimal] | list[None] = [None, None, None]
        if (
            self.eur is not None
            and self.today_eur is not None
            and so_far.eur is not None
            and so_far.today_eur is not None
        ):
            eur = [
                bill.round_cents(so_far.eur + max(today - so_far.today_eur, Decimal(0)) + rest)
                for today, rest in zip(self.today_eur, self.eur, strict=True)
            ]
        return Projection(
            until=self.until,
            days=self.days,
            missing=self.missing,
            wh=wh[0],
            low_wh=wh[1],
            high_wh=wh[2],
            eur=eur[0],
            low_eur=eur[1],
            high_eur=eur[2],
            weekdays=self.weekdays,
            weekend_days=self.weekend_days,
            chances=self.chances,
            one_more_eur=self.one_more_eur,
            one_more=self.one_more,
            ahead=self.by_day,
            reason=self.reason or (_NO_PRICE if eur[0] is None else None),
        )


class Outlook(NamedTuple):
    """What is to be expected, or why nothing can be."""

    ahead: Ahead | None = None
    reason: Text | None = None


def needed_since(today: date) -> date:
    """Return the first day whose summary an outlook of *today* can use: of the season, or of the last four weeks."""
    begun = [season.begun(today) for season in SEASONS.values()]
    return min(today - _SAMPLE, *(day for day in begun if day is not None))


def outlook_of(
    summaries: Mapping[date, DaySummary],
    book: "PriceBook",
    today: date,
    last: date,
    *,
    missing: Sequence[date] = (),
    calendar: DaysCounted | None = None,
) -> Outlook:
    """Return what the days from *today* to *last* are expected to be.

    Args:
        summaries: of the past days, from `needed_since` on as far as they are known, and of today so far.
        book: the prices of each day.
        today: the present day.
        last: the last day of the period.
        missing: past days of the period without data; the subscription of these days is counted.
        calendar: the EJP, red and white days that the owner has counted.
    """
    if (last - today).days >= _MOST_AHEAD:
        return Outlook(reason=_TOO_FAR)
    past = [summaries[day] for day in sorted(summaries) if day < today and is_whole(summaries[day])]
    heard = max((day for day in summaries if summaries[day].records), default=today)
    if heard < today - _DAY:
        return Outlook(reason=_STOPPED)
    if not past:
        return Outlook(reason=_TOO_FEW)
    option, kva = past[-1].option, past[-1].subscribed_kva
    special = SPECIAL.get(option or "", ())
    past = [day for day in past if day.option == option]
    plain = [day for day in past if day.date >= today - _SAMPLE and special_kind(day) not in special]
    if len(plain) < _FEWEST:
        return Outlook(reason=_TOO_FEW)
    kinds = plain_kinds(plain)
    for kind in special:
        begun = SEASONS[kind].begun(today)
        known = [day for day in past if special_kind(day) == kind and begun is not None and day.date >= begun]
        kinds[kind] = Kind(known or [as_if(kind, day) for day in plain])
    chances = tuple(
        chances_of(kind, today, last, days_left(kind, today, _with_today(summaries, today), calendar))
        for kind in special
    )
    so_far = summaries.get(today)
    todays = special_kind(so_far) if so_far is not None else None
    return Outlook(
        _Sum(kinds, chances, book, kva).ahead(
            today,
            last,
            todays if todays in special else weekly_kind(today),
            missing=missing,
            weekdays=sum(weekly_kind(day.date) == "weekday" for day in plain),
            plain=len(plain),
            dear=next(
                (
                    kind
                    for kind in special
                    if kind in _DEAR and any(special_kind(day) == kind for day in past)
                ),
                None,
            ),
        )
    )


def _with_today(summaries: Mapping[date, DaySummary], today: date) -> Mapping[date, DaySummary]:
    """Return *summaries* with one of *today*: a day that has just begun has no special day yet."""
    if today in summaries:
        return summaries
    return {**summaries, today: DaySummary(date=today, timezone="", start=0, end=0, until=0)}


class _Sum:
    """Adds up days to come."""

    def __init__(
        self, kinds: Mapping[str, Kind], chances: Sequence[Chances], book: "PriceBook", kva: int | None
    ) -> None:
        self._kinds = kinds
        self._chances = chances
        self._book = book
        self._kva = kva
        self._known: dict[object, Amounts | None] = {}

    def ahead(
        self,
        today: date,
        last: date,
        todays: str,
        *,
        missing: Sequence[date],
        weekdays: int,
        plain: int,
        dear: str | None,
    ) -> Ahead:
        """Return the days from *today*, which is of the kind *todays*, to *last*.

        Args:
            today: the present day.
            last: the last day.
            todays: the kind of today.
            missing: days before today that have no data.
            weekdays: how many weekdays the sample has.
            plain: how many days it has.
            dear: the kind of special days of which one more is told, if any is known.
        """
        to_come = [today + count * _DAY for count in range(1, (last - today).days + 1)]
        days = [*missing, *to_come]
        wh = _expected(days, self._chances, {day: self._wh(day) for day in days})
        costs = {day: self._eur(day) for day in days}
        subscriptions = {day: self._subscription(day) for day in to_come}
        today_eur = self._cost(todays, today)
        eur = None
        if today_eur is not None and None not in costs.values() and None not in subscriptions.values():
            bare = _expected(
                days, self._chances, {day: cost for day, cost in costs.items() if cost is not None}
            )
            due = sum((share for share in subscriptions.values() if share is not None), Decimal(0))
            eur = Amounts(*(amount + due for amount in bare))
        one_more = None if dear is None else self._one_more(dear, today)
        return Ahead(
            until=last,
            days=len(to_come) + 1,
            missing=len(missing),
            today_wh=self._kinds[todays].wh,
            today_eur=today_eur,
            wh=wh,
            eur=eur,
            by_day=self._by_day(today, todays, days),
            weekdays=weekdays,
            weekend_days=plain - weekdays,
            chances=tuple(self._chances),
            one_more_eur=one_more,
            one_more=None if one_more is None else dear,
            reason=None if eur is not None else self._reason(today, last),
        )

    def _cost(self, kind: str, day: date) -> Amounts | None:
        """Return the energy cost of *day*, if it is of *kind*."""
        prices = self._book.on(day, self._kva)
        # Where the hours decide, another day of the week or another month may have other periods.
        slot = None if prices.slices is None else (day.weekday(), day.month)
        key = (kind, prices.offer, tuple(prices.energy.items()), slot)
        if key not in self._known:
            self._known[key] = self._kinds[kind].eur(day, prices)
        return self._known[key]

    def _wh(self, day: date) -> dict[str, Amounts]:
        return {kind: self._kinds[kind].wh for kind in self._kinds_on(day)}

    def _eur(self, day: date) -> dict[str, Amounts] | None:
        """Return the cost of *day* for each kind that it may be of; None when one of them is not known."""
        costs = {kind: self._cost(kind, day) for kind in self._kinds_on(day)}
        known = {kind: cost for kind, cost in costs.items() if cost is not None}
        return known if len(known) == len(costs) else None

    def _kinds_on(self, day: date) -> list[str]:
        """Return the kinds that *day* may be of, the plain one first."""
        return [weekly_kind(day), *(chance.kind for chance in self._chances if day in chance.by_day)]

    def _subscription(self, day: date) -> Decimal | None:
        month = self._book.on(day, self._kva).subscription_month
        return None if month is None else bill.day_subscription(month, day)

    def _one_more(self, kind: str, today: date) -> Decimal | None:
        special, plain = self._cost(kind, today), self._cost("weekday", today)
        return None if special is None or plain is None else bill.round_cents(special.mean - plain.mean)

    def _by_day(
        self, today: date, todays: str, days: Iterable[date]
    ) -> Mapping[date, tuple[int, Decimal | None]]:
        """Return Wh and € of each day, its subscription included."""
        found: dict[date, tuple[int, Decimal | None]] = {}
        bare = self._cost(todays, today)
        share = self._subscription(today)
        found[today] = (
            round(self._kinds[todays].wh.mean),
            None if bare is None or share is None else bare.mean + share,
        )
        for day in days:
            wh = _expected((day,), self._chances, {day: self._wh(day)})
            costs, share = self._eur(day), self._subscription(day)
            eur = None
            if costs is not None and share is not None:
                eur = _expected((day,), self._chances, {day: costs}).mean + share
            found[day] = (round(wh.mean), eur)
        return found

    def _reason(self, first: date, last: date) -> Text:
        """Return why a price of these days is missing."""
        for number in range(first.toordinal(), last.toordinal() + 1):
            reason = self._book.on(date.fromordinal(number), self._kva).reason
            if reason is not None:
                return reason
        return _NO_PRICE


def _expected(
    days: Iterable[date], chances: Iterable[Chances], amounts: Mapping[date, Mapping[str, Amounts]]
) -> Amounts:
    """Return what *days* come to: plain days, and as many special ones as there are *chances* of.

    Args:
        days: the days.
        chances: of each kind of special days.
        amounts: day → kind → what the day comes to if it is of that kind; the plain kind is the first.
    """
    plain = {day: next(iter(amounts[day].values())) for day in days}
    mean = sum((amount.mean for amount in plain.values()), Decimal(0))
    low = sum((amount.low for amount in plain.values()), Decimal(0))
    high = sum((amount.high for amount in plain.values()), Decimal(0))
    for chance in chances:
        possible = [day for day in plain if day in chance.by_day]
        if not possible:
            continue
        more = [(day, amounts[day][chance.kind], plain[day]) for day in possible]
        mean += sum(
            (chance.by_day[day] * (special.mean - usual.mean) for day, special, usual in more), Decimal(0)
        )
        # One special day more or less, at the lower and at the upper bound of a day.
        lower = sum((special.low - usual.low for _, special, usual in more), Decimal(0)) / len(possible)
        upper = sum((special.high - usual.high for _, special, usual in more), Decimal(0)) / len(possible)
        low += min(chance.low * lower, chance.high * lower)
        high += max(chance.low * upper, chance.high * upper)
    return Amounts(mean, min(low, mean), max(high, mean))
