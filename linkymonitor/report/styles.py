"""Which colour draws each register of a meter and each period of an offer."""

from __future__ import annotations

from collections.abc import Iterable

from linkymonitor.model.terms import PERIODS, code
from linkymonitor.money.tariffs import ELSEWHERE, UNKNOWN

#: Registers that have a style of their own.
_OWN = frozenset(code(period) for periods in PERIODS.values() for period in periods)
#: The styles of all other periods.
_OTHERS = ("f0", "f1", "f2", "f3", "f4", "f5")
#: The style of a register → that of the six which has the same colour.
_ALIKE = {"hc": "f0", "hn": "f0", "hp": "f1"}
#: The style of energy whose period is not known.
_UNKNOWN = "th"


def style_of(register: str) -> str:
    """Return the style of *register* of a meter: a word of ours, whatever the name."""
    if register in _OWN:
        return register.lower()
    if register[:1] == "F" and register[1:].isdecimal():
        return _OTHERS[int(register[1:]) % len(_OTHERS)]
    return _UNKNOWN


def styles_of(periods: Iterable[str]) -> dict[str, str]:
    """Return the style of each of *periods*: no two have one colour, as long as there are six at most.

    Args:
        periods: those of the offer, in its order, whether they counted or not: a period then has the same style on
            every page.
    """
    names = list(dict.fromkeys(periods))
    styles = {name: style_of(name) for name in names if style_of(name) != _UNKNOWN or name == "TH"}
    taken = {_ALIKE.get(style, style) for style in styles.values()}
    free = [style for style in _OTHERS if style not in taken] or list(_OTHERS)
    others = [name for name in names if name not in styles and name not in (ELSEWHERE, UNKNOWN, "")]
    styles |= {name: free[at % len(free)] for at, name in enumerate(others)}
    return {name: styles.get(name, _UNKNOWN) for name in names}
