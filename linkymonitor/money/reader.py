"""Turns the content of a TOML file into a price table, and finds every fault of its periods, rules and rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from linkymonitor.errors import ConfigError
from linkymonitor.language import Text
from linkymonitor.money.rows import Rows
from linkymonitor.money.rules import COLOURS, Hours, OffPeak, Rule, Season, read_hours, read_season
from linkymonitor.money.table import HISTORIQUE, STANDARD, Document, Period, Table, read_document

_CLIENTS_HOURS = "contract"
_KEYS = frozenset(
    (
        *(
            "schema",
            "id",
            "name",
            "supplier",
            "kind",
            "currency",
            "checked",
            "powers",
            "closed_to_new",
            "timezone",
        ),
        *(
            "calendar",
            "seasons",
            "tic",
            "new_prices_for",
            "choice",
            "off_peak",
            "period",
            "rule",
            "price",
            "gap",
        ),
    )
)
_MOST_KVA = 36


def read_table(path: Path) -> Table:
    """Return the price table of the file *path*.

    Raises:
        ConfigError: with one sentence for each fault: place, fault, remedy.
    """
    reader = _Reader(read_document(path))
    try:
        return reader.table()
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        # A key has a value of quite another kind than that of a table, such as a number in the place of [[price]].
        raise ConfigError(
            *reader.faults,
            f"{path}"
            + Text(
                " : n'a pas la forme d'une grille de prix ; comparez avec etc/tariffs/README.md, ou partez de "
                "« linkymonitor tariffs new ID »",
                ": does not have the form of a price table; compare with etc/tariffs/README.md, or begin with "
                "'linkymonitor tariffs new ID'",
            ),
        ) from error


class _Reader:
    """Reads one document, and collects its faults instead of stopping at the first."""

    def __init__(self, document: Document) -> None:
        self._path = document.path
        self._content = document.content
        self.faults: list[Text] = []

    def table(self) -> Table:
        """Return the table.

        Raises:
            ConfigError: with one sentence for each fault.
        """
        content = self._content
        for key in content.keys() - _KEYS:
            self._fault(key, Text("inconnu ; supprimez cette clé", "unknown; remove this key"))
        if content.get("schema") != 1:
            self._fault(
                f"schema = {content.get('schema', '')}",
                Text("on attend 1, le format de cette version", "expected 1, the format of this version"),
            )
        name = self._text(content, "id")
        if name and name != self._path.stem:
            self._fault(
                f"id = {name}",
                Text(
                    f'n\'est pas le nom du fichier ; écrivez id = "{self._path.stem}"',
                    f'is not the name of the file; write id = "{self._path.stem}"',
                ),
            )
        if content.get("currency", "EUR") != "EUR":
            self._fault("currency", Text("on attend EUR", "expected EUR"))
        calendar = content.get("calendar")
        if calendar is not None and calendar not in COLOURS:
            self._fault(f"calendar = {calendar}", Text("on attend tempo ou ejp", "expected tempo or ejp"))
        seasons = self._seasons()
        periods = self._periods()
        codes = tuple(period.code for period in periods)
        powers = self._powers()
        rules = self._rules(codes, seasons)
        rows = Rows(self._fault, powers, codes).read(content)
        table = Table(
            id=self._path.stem,
            name=self._text(content, "name"),
            supplier=self._text(content, "supplier"),
            regulated=self._kind() == "regulated",
            checked=self._date(content, "checked"),
            zone=self._zone(),
            powers=powers,
            periods=periods,
            rules=rules,
            rows=rows.rows,
            gaps=rows.gaps,
            seasons=seasons,
            calendar=calendar,
            choice=self._choice(codes),
            off_peak=self._off_peak(seasons),
            for_new_contracts=content.get("new_prices_for") == "new contracts",
        )
        if self.faults:
            raise ConfigError(*self.faults)
        return table

    def _fault(self, place: str, what: Text) -> None:
        self.faults.append(f"{self._path}: {place}" + Text(" : ", ": ") + what)

    def _text(self, content: Mapping[str, Any], key: str, place: str = "") -> str:
        value = content.get(key)
        if isinstance(value, str) and value:
            return value
        self._fault(
            f"{place}{key}", Text('manque ; on attend un texte entre "…"', 'missing; expected a text in "…"')
        )
        return ""

    def _date(self, content: Mapping[str, Any], key: str) -> date:
        value = content.get(key)
        if type(value) is date:
            return value
        self._fault(
            key,
            Text(
                "on attend une date sans guillemets, telle que 2026-11-27",
                "expected a date without quotes, such as 2026-11-27",
            ),
        )
        return date.max

    def _zone(self) -> str:
        name = self._content.get("timezone", "Europe/Paris")
        try:
            return ZoneInfo(name).key
        except (KeyError, ValueError, TypeError, OSError):
            self._fault(
                f"timezone = {name}",
                Text(
                    "aucun fuseau horaire de ce nom ; on attend par exemple Europe/Paris",
                    "no time zone of that name; expected for example Europe/Paris",
                ),
            )
            return "Europe/Paris"

    def _kind(self) -> str:
        kind = self._content.get("kind")
        if kind not in ("regulated", "market"):
            self._fault(
                f"kind = {kind or ''}", Text("on attend regulated ou market", "expected regulated or market")
            )
        return str(kind)

    def _powers(self) -> tuple[int, ...]:
        powers = self._content.get("powers")
        if not isinstance(powers, list) or not powers:
            self._fault(
                "powers",
                Text(
                    "manque ; on attend des kVA, tels que [6, 9, 12]",
                    "missing; expected kVA, such as [6, 9, 12]",
                ),
            )
            return ()
        for kva in powers:
            if type(kva) is not int or not 1 <= kva <= _MOST_KVA:
                self._fault(
                    f"powers: {kva}",
                    Text(
                        "aucune puissance souscrite de ce nombre de kVA ; on attend de 1 à 36, sans décimale",
                        "there is no subscribed power of so many kVA; expected 1 to 36, without decimals",
                    ),
                )
        return tuple(kva for kva in powers if type(kva) is int)

    def _seasons(self) -> dict[str, Season]:
        seasons = {}
        for name, bounds in self._content.get("seasons", {}).items():
            try:
                first, last = bounds
                seasons[name] = read_season(first, last)
            except (ValueError, TypeError):
                self._fault(
                    f"seasons {name}",
                    Text(
                        'on attend deux jours de l\'année, tels que ["11-01", "03-31"]',
                        'expected two days of the year, such as ["11-01", "03-31"]',
                    ),
                )
        return seasons

    def _periods(self) -> tuple[Period, ...]:
        periods: list[Period] = []
        for content in self._content.get("period", []):
            code = self._text(content, "code", "[[period]] ")
            if code in [period.code for period in periods]:
                self._fault(f"[[period]] {code}", Text("deux fois ; gardez-en une", "twice; keep one"))
            label = self._text(content, "label", f"[[period]] {code} ")
            registers = set()
            for key, known in (("historique", HISTORIQUE), ("standard", STANDARD)):
                named = content.get(key)
                if named is not None and named not in known:
                    self._fault(
                        f"[[period]] {code} {key} = {named}",
                        Text(
                            f"aucun index de ce nom ; on attend {', '.join(known)}",
                            f"no register of that name; expected {', '.join(known)}",
                        ),
                    )
                elif named is not None:
                    registers.add(known[named])
            periods.append(Period(code, Text(label, content.get("label_en", label)), frozenset(registers)))
        if not periods:
            self._fault("[[period]]", Text("manque ; une période au moins", "missing; one period at least"))
        return tuple(periods)

    def _rules(self, codes: tuple[str, ...], seasons: Mapping[str, Season]) -> tuple[Rule, ...]:
        rules = []
        colours = COLOURS.get(self._content.get("calendar", ""), ())
        for number, content in enumerate(self._content.get("rule", []), 1):
            place = f"[[rule]] {number} "
            for key in content.keys() - {"period", "season", "weekdays", "colour", "hours", "day_starts"}:
                self._fault(
                    f"{place}{key}", Text("inconnu ; supprimez cette clé", "unknown; remove this key")
                )
            known = {"period": codes, "season": tuple(seasons), "colour": colours}
            for key, names in known.items():
                if (key in content or key == "period") and content.get(key) not in names:
                    self._fault(
                        f"{place}{key} = {content.get(key, '')}",
                        Text(
                            f"inconnu ; on attend l'un de : {', '.join(names) or 'rien ici'}",
                            f"unknown; expected one of {', '.join(names) or 'nothing here'}",
                        ),
                    )
            weekdays = content.get("weekdays")
            if weekdays is not None and not (weekdays and all(day in range(1, 8) for day in weekdays)):
                self._fault(
                    f"{place}weekdays",
                    Text("on attend des jours de 1 (lundi) à 7", "expected days from 1 (Monday) to 7"),
                )
            hours = content.get("hours")
            rules.append(
                Rule(
                    period=content.get("period", ""),
                    season=content.get("season") if content.get("season") in seasons else None,
                    weekdays=None if weekdays is None else frozenset(weekdays),
                    colour=content.get("colour"),
                    hours=None if hours in (None, _CLIENTS_HOURS) else self._hours(hours, f"{place}hours"),
                    own=hours == _CLIENTS_HOURS,
                    day_starts=self._minute(content["day_starts"], f"{place}day_starts")
                    if "day_starts" in content
                    else 0,
                )
            )
        if len({rule.day_starts for rule in rules if rule.colour}) > 1:
            self._fault(
                "[[rule]] day_starts",
                Text(
                    "diffère entre les règles qui ont une couleur ; donnez à toutes la même heure",
                    "differs between the rules that have a colour; give all the same time",
                ),
            )
        if not rules:
            self._fault("[[rule]]", Text("manque ; une règle au moins", "missing; one rule at least"))
        return tuple(rules)

    def _hours(self, ranges: object, place: str) -> tuple[Hours, ...]:
        hours: list[Hours] = []
        if not isinstance(ranges, list) or not ranges:
            self._fault(
                place,
                Text(
                    'on attend des plages, telles que ["22:00-06:00"]',
                    'expected ranges, such as ["22:00-06:00"]',
                ),
            )
            return ()
        for text in ranges:
            try:
                hours.append(read_hours(text))
            except (ValueError, AttributeError):
                self._fault(
                    f"{place} {text}",
                    Text("on attend une plage telle que 22:00-06:00", "expected a range such as 22:00-06:00"),
                )
        return tuple(hours)

    def _minute(self, text: object, place: str) -> int:
        try:
            return read_hours(f"{text}-00:00").start
        except ValueError:
            self._fault(place, Text("on attend une heure telle que 06:00", "expected a time such as 06:00"))
            return 0

    def _choice(self, codes: tuple[str, ...]) -> dict[str, tuple[Hours, ...]]:
        choice = {}
        for code, ranges in self._content.get("choice", {}).items():
            if code not in codes:
                self._fault(f"choice {code}", Text("aucune période de ce nom", "no period of that name"))
            choice[code] = self._hours(ranges, f"choice {code}")
        return choice

    def _off_peak(self, seasons: Mapping[str, Season]) -> tuple[OffPeak, ...]:
        rows = []
        for content in self._content.get("off_peak", []):
            since, name = content.get("from"), content.get("season")
            place = f"[[off_peak]] {since or ''}"
            if type(since) is not date or (name is not None and name not in seasons):
                self._fault(
                    place,
                    Text(
                        "on attend from = une date, et season = l'une des saisons de la grille",
                        "expected from = a date, and season = one of the seasons of the table",
                    ),
                )
                continue
            rows.append(OffPeak(since, self._hours(content.get("hours"), place), seasons.get(name or "")))
        return tuple(rows)
