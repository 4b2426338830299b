"""The rules that decide when a relay is on: pure functions of a view, one class for each rule."""

# Strategy
#
# - A rule is a frozen dataclass with wants(view, now_on, memory). It has no clock, no pin and no state. The time is
#   view.now.
# - What a rule must remember (since when it is on, which step of a return it has reached) is part of its Decision.
#   The relay keeps that memory and hands it to the rule again with the next view. So a test of a rule is a table of
#   views.
# - find() looks at the classes of this module, so a new rule is one class, and is not registered anywhere. The fields
#   of the class are keys of the section [relay:NAME]: the fields of sections.RelaySettings with the same names.
# - A rule need not look at the age of the data: the relay takes its fail state by itself. The memory lasts through
#   such a silence, and *now_on* shows the state that the relay has after it.

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol, cast

from linkymonitor.errors import BadSetting
from linkymonitor.language import Text
from linkymonitor.model import terms
from linkymonitor.model.terms import PERIODS, code

if TYPE_CHECKING:
    from linkymonitor.model.reading import View

#: All codes of registers and tariff periods, without the dots.
CODES = (
    *(code(period) for periods in PERIODS.values() for period in periods),
    *(f"F{number:02}" for number in range(1, 11)),
)


class Decision(NamedTuple):
    """The state that a rule wants for its relay, and the memory of the rule."""

    on: bool
    #: A value of any type; the relay hands it to the rule again with the next view.
    memory: Any = None


class Rule(Protocol):
    """The contract of a rule, which decides about one relay."""

    def wants(self, view: View, now_on: bool, memory: Any) -> Decision:
        """Decide whether the relay should be on.

        Args:
            view: the newest reading, with tariff, health and totals of the day; ``view.now`` is the monotonic time, in
                seconds.
            now_on: whether the relay is on.
            memory: the memory of the last decision; None for the first decision, and after the rule has raised.
        """


@dataclass(frozen=True, kw_only=True, slots=True)
class Periods:
    """On in the named tariff periods; the relay stays as it is while the tariff period is not known."""

    periods: tuple[str, ...]

    def __post_init__(self) -> None:
        wanted = tuple(code(period.upper()) for period in self.periods)
        if not wanted:
            raise BadSetting(
                Text(
                    "periods : manque ; on attend les périodes où être alimenté, par exemple periods = HC",
                    "periods: missing, expected the tariff periods to be on in, such as periods = HC",
                )
            )
        faults = [
            Text(
                f"periods = {period} : inconnu ; on attend certains de {' '.join(CODES)}",
                f"periods = {period}: unknown, expected some of {' '.join(CODES)}",
            )
            for period in wanted
            if period not in CODES
        ]
        if faults:
            raise BadSetting(*faults)
        object.__setattr__(self, "periods", wanted)

    def wants(self, view: View, now_on: bool, memory: None) -> Decision:
        """Return on when the tariff period in force is one of *periods*."""
        period = view.reading.tariff_period or view.tariff.tariff_period
        return Decision(now_on if period is None else code(period) in self.periods)


@dataclass(frozen=True, kw_only=True, slots=True)
class AvoidEjp:
    """Off from the notice of a mobile peak to the end of the peak, on otherwise.

    Also off while the state of EJP is not known: until the first frames, and again after 15 s of silence, and after a
    change of the meter, the contract or the mode. A cold tank for an hour costs less than an hour at the price of the
    peak.
    """

    name: ClassVar[str] = "ejp"

    def wants(self, view: View, now_on: bool, memory: None) -> Decision:
        """Return on when no peak is announced or in progress."""
        return Decision(view.tariff.ejp is terms.Ejp.NORMAL)


def names() -> Mapping[str, type[Rule]]:
    """Return name → class of the rules of this module; the name is the attribute ``name``, else that of the class."""
    return {
        getattr(rule, "name", rule.__name__.lower()): cast("type[Rule]", rule)
        for rule in globals().values()
        if isinstance(rule, type) and is_dataclass(rule) and hasattr(rule, "wants")
    }


def find(name: str) -> type[Rule]:
    """Return the rule called *name*.

    Raises:
        BadSetting: there is no such rule.
    """
    rules = names()
    if name.lower() not in rules:
        known = ", ".join(sorted(rules))
        raise BadSetting(
            Text(
                f"rule = {name} : inconnu ; on attend {known}",
                f"rule = {name}: unknown, expected one of {known}",
            )
        )
    return rules[name.lower()]


def build(name: str, settings: object) -> Rule:
    """Return the rule called *name*, with each of its fields from the attribute of *settings* of the same name.

    Raises:
        BadSetting: there is no such rule, or a setting is not allowed.
    """
    rule = find(name)
    assert is_dataclass(rule)
    return rule(**{field.name: getattr(settings, field.name) for field in fields(rule)})
