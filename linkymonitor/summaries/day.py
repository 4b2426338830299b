"""What is kept of a finished local day: no price is in it, so that any price can be set on it."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import NamedTuple

#: The names, beside those of the registers, of the total index and of the index of injected energy in `midnight`.
TOTAL, INJECTED = "total", "injected"
#: Seconds of a half hour.
HALF_HOUR = 1800
#: A silence longer than this, in seconds, is a gap.
SHORTEST_GAP = 300


class InjectedEnergy(NamedTuple):
    """Energy given to the grid, in Wh; a range from *low_wh* to *high_wh* when the energy is estimated."""

    wh: int
    low_wh: int
    high_wh: int
    estimated: bool
    #: True when the energy of a part of the day is not known: the true energy is *low_wh* or more.
    at_least: bool = False


class PhaseExtremes(NamedTuple):
    """One phase over a day; what the meter does not give is None."""

    #: V.
    lowest: float | None = None
    mean: float | None = None
    highest: float | None = None
    #: A.
    current_mean: float | None = None
    current_most: float | None = None


class Silence(NamedTuple):
    """A silence longer than five minutes, within its day; times in POSIX seconds."""

    start: int
    end: int
    #: Known from the indexes at both ends; None when either index is missing.
    wh: int | None


class Break(NamedTuple):
    """The beginning of another epoch: energy is not counted across it."""

    at: int
    #: True when the meter or the contract changed, False when an index leapt or went back.
    contract_changed: bool


class TermChange(NamedTuple):
    """A term of the contract that has changed."""

    at: int
    #: A field of `Contract`, else a topic of the line ``Grille:``; after ``noms`` comes the register: ``noms F01``.
    what: str
    #: None for a change of meter: its number is personal data.
    before: str | int | bool | None
    after: str | int | bool | None


class LogSpan(NamedTuple):
    """The UTC days of the log files that a summary was made of."""

    #: None: no record came before, so that any older file would change the summary.
    first: date | None
    #: None: no record came after, so that any later file would change the summary.
    last: date | None


class DaySummary(NamedTuple):
    """What is kept of one local day: energies in Wh, powers in VA, times in POSIX seconds.

    A figure that is not known is None, or empty.
    """

    date: date
    timezone: str
    #: The midnights that bound the day: 46, 48 or 50 half hours in the zones of the meters.
    start: int
    end: int
    #: The end of what could be measured: *end*, or the present of a day that is not over.
    until: int
    #: The terms of the contract at the end of the day; the option is ``BASE HC EJP TEMPO``, else the supplier's name.
    option: str | None = None
    subscribed_kva: int | None = None
    phases: int | None = None
    producer: bool | None = None
    mode: str | None = None
    #: Register → Wh of each half hour. ``?`` is energy of no known register; a meter that names none has an empty name.
    half_hours: Mapping[str, tuple[int, ...]] = MappingProxyType({})
    #: Registers that were in force and not read, so that the energy of the day is not known.
    unread: tuple[str, ...] = ()
    injected: InjectedEnergy | None = None
    #: Wh of each half hour; they add up to *injected*.
    injected_half_hours: tuple[int, ...] | None = None
    #: Register, TOTAL or INJECTED → its index at the first midnight of the day, where it was read within half an hour.
    midnight: Mapping[str, int] = MappingProxyType({})
    peak_va: int | None = None
    peak_at: int | None = None
    #: The night base load in VA; and in W, as an interval, because indexes are in whole Wh.
    base_load_va: int | None = None
    base_watts_low: int | None = None
    base_watts_high: int | None = None
    #: The share of the day that was heard, 0 to 1.
    coverage: float = 0.0
    records: int = 0
    frames: int = 0
    rejected: int = 0
    gaps: tuple[Silence, ...] = ()
    by_phase: tuple[PhaseExtremes, ...] = ()
    breaks: tuple[Break, ...] = ()
    changes: tuple[TermChange, ...] = ()
    #: Whether a mobile peak begins on this day.
    ejp: bool = False
    #: Tempo: ``blue``, ``white`` or ``red``, the colour from 6 h on.
    colour: str | None = None
    #: Whether less than 90 % of the day was heard, so that it cannot be compared with other days.
    partial: bool = False
    #: Whether nothing of the day was heard, so that its energy is a share of the energy of a silence.
    silent: bool = False
    #: Whether less than 1 % of the day was heard or is known, so that it has no energy to add up.
    barely: bool = False
    log: LogSpan = LogSpan(None, None)
    #: The registers whose index in *midnight* was not read at 00:00, but lies on a line between two readings near it.
    between: tuple[str, ...] = ()

    @property
    def energy(self) -> Mapping[str, int]:
        """Register → Wh of the whole day, of the registers that were read."""
        return {register: sum(wh) for register, wh in self.half_hours.items()}

    @property
    def wh(self) -> int | None:
        """The energy of the day; None when nothing was measured, or a register was not read."""
        if self.unread or not self.half_hours:
            return None
        return sum(map(sum, self.half_hours.values()))

    @property
    def so_far(self) -> bool:
        """Whether the day is not over."""
        return self.until < self.end

    @property
    def final(self) -> bool:
        """Whether no later line of the log can change this summary."""
        return not self.so_far and self.log.last is not None
