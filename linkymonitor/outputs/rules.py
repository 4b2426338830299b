"""When a relay is on: pure decisions, one class for each rule."""

# Strategy
#
# - A rule is a frozen dataclass with wants(view, now_on, memory): no clock, no pin, nothing that changes. The time is
#   view.now.
# - What a rule must remember (since when it is on, which step of a return it has reached) leaves it in its Decision.
#   The relay keeps it and hands it in again with the next view. So a rule is tested with tables of views.
# - find() looks at the classes of this module, so a new rule is one class and nothing to register. Its
#   fields are keys of the [relay:NAME] section: those of the same name in sections.RelaySettings.
# - Old data are no rule's business: the relay takes its fail state by itself. The memory lasts over that silence, and
#   *now_on* shows what became of the relay meanwhile.

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

#: Every code that a register or a tariff period can have, without the dots.
CODES = (
    *(code(period) for periods in PERIODS.values() for period in periods),
    *(f"F{number:02}" for number in range(1, 11)),
)


class Decision(NamedTuple):
    """The state that a rule wants its relay in, and the memory that the rule gets back with the next view."""

    on: bool
    #: Handed to the rule again with the next view; of a type that the rule chooses.
    memory: Any = None


class Rule(Protocol):
    """What decides about one relay."""

    def wants(self, view: View, now_on: bool, memory: Any) -> Decision:
        """Decide whether the relay should be on.

        Args:
            view: the newest reading and what it adds up to; ``view.now`` is the time, in monotonic seconds.
            now_on: whether the relay is on.
            memory: that of the last decision; None for the first one, and after a rule that raised.
        """


@dataclass(frozen=True, kw_only=True, slots=True)
class Periods:
    """On in the named tariff periods; as it is while the meter has not said which one it is in."""

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
        for period in wanted:
            if period not in CODES:
                raise BadSetting(
                    Text(
                        f"periods = {period} : inconnu ; on attend certains de {' '.join(CODES)}",
                        f"periods = {period}: unknown, expected some of {' '.join(CODES)}",
                    )
                )
        object.__setattr__(self, "periods", wanted)

    def wants(self, view: View, now_on: bool, memory: None) -> Decision:
        """Be on if the tariff period in force is one of ours."""
        period = view.reading.tariff_period or view.tariff.tariff_period
        return Decision(now_on if period is None else code(period) in self.periods)


@dataclass(frozen=True, kw_only=True, slots=True)
class AvoidEjp:
    """Off from the notice of a mobile peak to its end, on otherwise.

    Off too while nothing is known: the fold keeps what was last said, so nothing is known only before
    the meter first speaks of peaks, and an hour of a cold tank costs less than an hour of a peak.
    """

    name: ClassVar[str] = "ejp"

    def wants(self, view: View, now_on: bool, memory: None) -> Decision:
        """Be on if no peak is announced or in progress."""
        return Decision(view.tariff.ejp is terms.Ejp.NORMAL)


def names() -> Mapping[str, type[Rule]]:
    """Return the rules of this module: by ``name`` where they have one, else by lower-cased class name."""
    return {
        getattr(rule, "name", rule.__name__.lower()): cast("type[Rule]", rule)
        for rule in globals().values()
        if isinstance(rule, type) and is_dataclass(rule) and hasattr(rule, "wants")
    }


def find(name: str) -> type[Rule]:
    """Return the rule called *name*.

    Raises:
        ValueError: when there is none.
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
    """Return the rule called *name*, each of its fields taken from *settings*.

    Raises:
        ValueError: when there is no such rule, or its settings do not suit it.
    """
    rule = find(name)
    assert is_dataclass(rule)
    return rule(**{field.name: getattr(settings, field.name) for field in fields(rule)})
