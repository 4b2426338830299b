"""Whether the groups of one frame fit each other: powers and currents, periods and contracts, registers and total."""

# Strategy
#
# - A group that does not fit is only doubted here. The judge of its label holds the group, and drops the check after
#   FIRM frames in a row: the rule is then wrong about this meter.
# - When two groups do not fit each other, either may be wrong. A group that has not changed was borne out by the frame
#   before, so only groups that changed are compared and doubted.

import math
from collections.abc import Iterator
from typing import NamedTuple

from linkymonitor.meter.acceptance.judge import FIRM, Moment
from linkymonitor.meter.acceptance.rules import (
    ADIR,
    EASF,
    IINST,
    IRMS,
    REGISTER_OF,
    SINSTS,
    URMS,
    Median,
)
from linkymonitor.model.epochs import lead
from linkymonitor.model.terms import PERIODS, Mode

#: The volts that are assumed where the meter sends no voltage: the range of the mains, with a margin.
_LEAST_VOLTS, _MOST_VOLTS = 186, 264
#: VA that rounding adds to a power; the share by which a power may differ from volts times amperes.
_ROUNDING, _SHARE = 10, 0.05
#: Wh by which the registers may be behind their total.
_SKEW = 3
#: Seconds for which a register may still count after its period: some meters complete a Wh late.
_TAIL = 60.0

_CURRENT_OF = {"ADPS": "IINST", **dict(zip(ADIR, IINST, strict=True))}
_PERIODS_OF = {"BASE": PERIODS["BASE"], "HC..": PERIODS["HC"]}
_POWERS = {Mode.HISTORIQUE: ("PAPP",), Mode.STANDARD: ("SINSTS", *SINSTS, "SINSTI")}
_REGISTERS = frozenset({*REGISTER_OF.values(), *EASF})
#: The labels of the total energy (EAST, in Wh) and of the ten registers whose sum it is.
_TOTAL = frozenset({"EAST", *EASF})


class _Span(NamedTuple):
    """The powers that fit the currents and voltages of a frame."""

    power: str
    #: VA.
    least: float
    most: float
    #: The labels to doubt beside the power: if the power is right, one of these is wrong.
    others: tuple[str, ...]


class CrossChecks:
    """What is remembered of the frames of one meter to check the groups of the next beside each other."""

    def __init__(self, mode: Mode) -> None:
        self._historique = mode is Mode.HISTORIQUE
        self._power_labels = _POWERS[mode]
        #: Label of the index of the period in force; empty when it has none.
        self.in_force = ""
        #: Label of an index → when its period ended, in monotonic seconds.
        self._left: dict[str, float] = {}
        #: EAST less the sum of the registers, as it normally is; None until it is known.
        self._usual: int | None = None

    def doubtful(self, moment: Moment) -> set[str]:
        """Return the labels whose groups do not fit the rest of their frame."""
        changed = {label for label, group in moment.groups.items() if moment.judges[label].newer != group}
        return {
            *self._alerts(moment, changed),
            *self._powers(moment, changed),
            *self._period(moment),
            *self._counting(moment, changed),
            *self._total(moment, changed),
        }

    def _alerts(self, moment: Moment, changed: set[str]) -> Iterator[str]:
        """Yield the currents in excess that are not the current of their phase."""
        for alert in changed & _CURRENT_OF.keys():
            current = moment.groups.get(_CURRENT_OF[alert])
            if current is not None and not -1 <= int(moment.groups[alert].data) - int(current.data) <= 1:
                yield alert

    def _powers(self, moment: Moment, changed: set[str]) -> Iterator[str]:
        """Yield the powers that are not voltage times current, and the labels to doubt beside them."""
        powers = [label for label in self._power_labels if label in moment.groups]
        if not any(label in changed or moment.judges[label].doubts for label in powers):
            return
        spans = self._historique_spans if self._historique else self._standard_spans
        for label, least, most, others in spans(moment):
            judge = moment.judges.get(label)
            if label not in powers or not isinstance(judge, Median):
                continue
            # The meter does not measure power and current at the same instant: the power may be ahead by a frame.
            if judge.suspect is not None and least <= int(judge.suspect.data) <= most:
                judge.suspect = None
            va = int(moment.groups[label].data)
            # A power of 0 VA fits any current: the house injects.
            if va and not least <= va <= most and (label in changed or judge.doubts):
                yield from changed & {label, *others}

    def _historique_spans(self, moment: Moment) -> Iterator[_Span]:
        if "IINST" in moment.groups:
            least, most = _amperes("IINST", moment)
            yield _Span("PAPP", least * _LEAST_VOLTS, most * _MOST_VOLTS + _ROUNDING, ("IINST",))
        elif moment.groups.keys() >= set(IINST):
            # Phases may work against each other, so there is only a highest sum.
            total = sum(_amperes(phase, moment)[1] for phase in IINST)
            yield _Span("PAPP", 0, total * _MOST_VOLTS + _ROUNDING, IINST)

    def _standard_spans(self, moment: Moment) -> Iterator[_Span]:
        phases = []
        for volts_label, amps_label, power in zip(URMS, IRMS, SINSTS, strict=True):
            if amps_label in moment.groups and volts_label in moment.groups:
                volts = int(moment.groups[volts_label].data)
                least, most = _amperes(amps_label, moment)
                highest = most * volts * (1 + _SHARE) + _ROUNDING
                phases.append(_Span(power, least * volts * (1 - _SHARE), highest, ()))
        yield from phases
        if moment.judges.keys() & {*IRMS[1:], *URMS[1:]}:
            if len(phases) == len(SINSTS):
                yield _Span("SINSTS", 0, sum(phase.most for phase in phases), (*IRMS, *URMS))
        elif phases:
            for power in ("SINSTS", "SINSTI"):
                yield phases[0]._replace(power=power, others=(IRMS[0], URMS[0]))

    def _period(self, moment: Moment) -> Iterator[str]:
        """Yield the period that its contract does not have, or that the status register denies."""
        groups = moment.groups
        if "PTEC" in groups:
            period = groups["PTEC"].data
            self._turn(REGISTER_OF.get(period, ""), moment.now)
            if "OPTARIF" in groups:
                option = groups["OPTARIF"].data
                allowed = PERIODS["TEMPO"] if option.startswith("BBR") else _PERIODS_OF.get(option)
                if allowed is not None and period not in allowed:
                    yield "PTEC"
        elif "NTARF" in groups:
            tariff = groups["NTARF"].data
            self._turn(f"EASF{tariff}", moment.now)
            # At a change of period one of the two may be ahead by a frame.
            if "STGE" in groups and int(groups["STGE"].data, 16) >> 10 & 15 != int(tariff) - 1:
                yield "NTARF"

    def _turn(self, register: str, now: float) -> None:
        """Note that a frame has the period of *register* in force."""
        if register != self.in_force:
            self._left[self.in_force] = now
            self.in_force = register

    def _counting(self, moment: Moment, changed: set[str]) -> Iterator[str]:
        """Yield the registers that count outside of their period; none after a silence: any may have counted in it."""
        if moment.situation.at_once or moment.situation.apart or self.in_force not in moment.groups:
            return
        for label in (changed & _REGISTERS) - {self.in_force}:
            judge, left_at = moment.judges[label], self._left.get(label, -math.inf)
            if judge.newer is not None and judge.lost_at is None and moment.now - left_at >= _TAIL:
                yield label

    def _total(self, moment: Moment, changed: set[str]) -> Iterator[str]:
        """Yield the total and the registers that changed, if the difference between total and registers changed."""
        if not changed & _TOTAL or not moment.groups.keys() >= _TOTAL:
            return
        wh = {label: int(moment.groups[label].data) for label in _TOTAL}
        difference = lead(wh["EAST"], sum(wh.values()) - wh["EAST"])
        if -_SKEW <= difference <= _SKEW:
            self._usual = 0
        elif self._usual is None:
            self._usual = difference
        elif not -_SKEW <= lead(difference, self._usual) <= _SKEW:
            doubtful = [label for label in changed & _TOTAL if moment.judges[label].newer is not None]
            yield from doubtful
            if any(moment.judges[label].doubts >= FIRM - 1 for label in doubtful):
                self._usual = difference


def _amperes(label: str, moment: Moment) -> tuple[int, int]:
    """Return the least and the most amperes of the current *label*, in this frame and the one before."""
    newer, now = moment.judges[label].newer, int(moment.groups[label].data)
    before = now if newer is None else int(newer.data)
    return min(now, before) - 1, max(now, before) + 1
