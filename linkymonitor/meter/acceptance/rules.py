"""Which rule each label follows, and the short rules: all but the rule of an index."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from linkymonitor.meter.acceptance.index import Index
from linkymonitor.meter.acceptance.judge import (
    CROSS,
    DOMAIN,
    FIRM,
    STALE,
    UNCONFIRMED,
    Judge,
    Moment,
    Situation,
)
from linkymonitor.model.terms import PERIODS, Mode
from linkymonitor.tic.frame import InfoGroup
from linkymonitor.tic.horodate import read_horodate
from linkymonitor.tic.labels import BY_MODE, DIGITS, Label
from linkymonitor.tic.status import CutOff, EuridisOutput, PlcStatus, read_status

#: The most that a meter may send of each unit; three times 36 kVA and a margin for powers.
_HIGHEST: Mapping[str, int] = {"A": 150, "V": 420, "VA": 46_800, "W": 46_800}
#: Comes after all digits.
_NO_LIMIT = "~"
#: Seconds that DATE may stray from the clock between two frames.
_STRAY = 5.0

IINST = ("IINST1", "IINST2", "IINST3")
ADIR = ("ADIR1", "ADIR2", "ADIR3")
IRMS = ("IRMS1", "IRMS2", "IRMS3")
URMS = ("URMS1", "URMS2", "URMS3")
SINSTS = ("SINSTS1", "SINSTS2", "SINSTS3")
EASF = tuple(f"EASF{number:02d}" for number in range(1, 11))
#: Historique periods → the label of their index.
REGISTER_OF = {
    "TH..": "BASE",
    "HC..": "HCHC",
    "HP..": "HCHP",
    "HN..": "EJPHN",
    "PM..": "EJPHPM",
    **{period: f"BBR{period}" for period in PERIODS["TEMPO"]},
}
METERS = frozenset({"ADCO", "ADSC"})
#: The labels that name the meter and the contract.
NAMES = ("ADCO", "OPTARIF", "ADSC", "NGTF")


class Free(Judge):
    """Each group is believed: the rule of a text that the meter sends only once."""

    def take(self, group: InfoGroup, moment: Moment) -> InfoGroup | None:
        return group


class Seen(Judge):
    """Two frames in a row that have the label, whatever its value."""

    def __init__(self) -> None:
        super().__init__()
        self._count = 0

    def take(self, group: InfoGroup, moment: Moment) -> InfoGroup | None:
        self._count += 1
        self.newer = group
        return group if self._count >= 2 or moment.situation.at_once else None

    def skip(self) -> None:
        if self._count < 2:
            self.forget()

    def forget(self) -> None:
        self._count, self.newer = 0, None

    forget_old = forget


class Alert(Seen):
    """A current in excess from the second frame in a row on; it must be at most 150 A."""

    def sound(self, group: InfoGroup) -> bool:
        return int(group.data) <= _HIGHEST["A"]


class Median(Judge):
    """The median of the last three: one wrong value is outvoted, a true step is seen one frame late.

    Args:
        row: of the label.
        for_ever: whether the cross-check is never dropped, even if each frame breaks it.
    """

    def __init__(self, row: Label, for_ever: bool = False) -> None:
        super().__init__()
        # Numbers have a fixed width, so as texts they have the order of numbers.
        limit = _HIGHEST.get(row.unit)
        self._highest = _NO_LIMIT if limit is None else f"{limit:0{len(row.example)}d}"
        self._for_ever = for_ever
        self._older: InfoGroup | None = None
        #: The power of the frame before, if it failed the cross-check there. It may have been ahead of the current by
        #: a frame, so it is compared once more, with the currents of this frame.
        self.suspect: InfoGroup | None = None

    def sound(self, group: InfoGroup) -> bool:
        return group.data <= self._highest

    def take(self, group: InfoGroup, moment: Moment) -> InfoGroup | None:
        older, newer = self._older, self.newer
        self._older, self.newer = newer, group
        if self.suspect is not None:
            self._suspect(None, moment)
        if moment.situation.at_once:
            # The first is believed until two others outvote it.
            self._older = group
            return group
        if moment.situation is Situation.AFTER_SILENCE:
            # A power from before a silence says nothing of the power after it.
            self._older = None
        if newer == group:
            return group
        if older is None or newer is None or self._older is None:
            return None
        return sorted((older, newer, group))[1]

    def doubt(self, group: InfoGroup, moment: Moment) -> InfoGroup | None:
        if self.doubts >= FIRM and not self._for_ever:
            return self.take(group, moment)
        self._suspect(group, moment)
        return None

    def _suspect(self, group: InfoGroup | None, moment: Moment) -> None:
        """Hold the group that is under suspicion, and suspect *group* in its place."""
        if self.suspect is not None:
            moment.held.append((self.suspect, CROSS))
        self.suspect = group

    def forget(self) -> None:
        self._older = self.newer = self.suspect = None

    forget_old = forget


class Stamped(Median):
    """The value with its horodate that two of the last three frames have, for horodates have no median."""

    def __init__(self, row: Label) -> None:
        super().__init__(row)
        self._believed: InfoGroup | None = None

    def sound(self, group: InfoGroup) -> bool:
        return super().sound(group) and _possible(group.horodate)

    def take(self, group: InfoGroup, moment: Moment) -> InfoGroup | None:
        older, newer = self._older, self.newer
        median = super().take(group, moment)
        if moment.situation.at_once or group in (older, newer):
            self._believed = group
        elif older == newer:
            self._believed = newer
        elif median is None or moment.situation.apart or self._believed not in (older, newer):
            self._believed = None
        return self._believed

    def forget(self) -> None:
        super().forget()
        self._believed = None

    forget_old = forget


class Status(Median):
    """The status register: each bit as two of the last three have it."""

    def sound(self, group: InfoGroup) -> bool:
        status = read_status(group.data)
        return (
            status.standard
            and not int(group.data, 16) & 1 << 5
            and status.supplier_index <= 10
            and status.cut_off is not CutOff.UNDEFINED
            and status.euridis is not EuridisOutput.UNDEFINED
            and status.plc is not PlcStatus.UNDEFINED
        )

    def take(self, group: InfoGroup, moment: Moment) -> InfoGroup | None:
        older, newer = self._older, self.newer
        median = super().take(group, moment)
        if moment.situation.at_once or older is None or newer is None:
            return median
        if group in (older, newer):
            return group
        a, b, c = (int(each.data, 16) for each in (older, newer, group))
        bits = InfoGroup(group.label, f"{a & b | b & c | a & c:08X}")
        return bits if self.sound(bits) else newer


class Agreed(Judge):
    """The value that so many frames in a row have; the first value needs two.

    Args:
        row: of the label.
        need: frames in a row that it takes to change what is believed.
        check: whether a meter can send a group.
    """

    def __init__(self, row: Label, need: int = 2, check: Callable[[InfoGroup], bool] | None = None) -> None:
        super().__init__()
        self.need = need
        self._check = check or (_reads(row) if row.read is not str else None)
        self.accepted: InfoGroup | None = None
        #: Whether more than one frame had what is accepted.
        self.confirmed = False
        #: Another group that insists, in how many frames in a row, and since when.
        self._pending: InfoGroup | None = None
        self._count = 0
        self._since = 0.0

    def sound(self, group: InfoGroup) -> bool:
        return self._check is None or self._check(group)

    def doubt(self, group: InfoGroup, moment: Moment) -> InfoGroup | None:
        return self.take(group, moment, doubtful=True)

    def take(self, group: InfoGroup, moment: Moment, *, doubtful: bool = False) -> InfoGroup | None:
        self.newer = group
        if group == self.accepted:
            if self._pending is not None:
                self._drop_pending(moment)
            self.confirmed = True
            return group
        if group == self._pending:
            self._count += 1
        else:
            self._contradict(group, moment)
        need = FIRM if doubtful else 2 if self.accepted is None else self.need
        at_once = moment.situation.at_once and not doubtful and (self.accepted is None or self.need == 2)
        if self._count >= need or at_once:
            self.accepted, self._pending = group, None
            self.confirmed = self._count >= 2
        elif moment.now - self._since > STALE:
            return None
        return self.accepted

    def _contradict(self, group: InfoGroup, moment: Moment) -> None:
        """Begin to count the frames that have *group* in place of what is accepted."""
        if self._pending is None:
            self._since = moment.now
        self._drop_pending(moment)
        self._pending, self._count = group, 1
        if self.accepted is None or moment.situation.at_once:
            return
        if not self.confirmed:
            # One frame against one: neither is believed.
            moment.held.append((self.accepted, UNCONFIRMED))
            self.accepted = None
        elif moment.situation.apart and self.need == 2:
            # The accepted value is from before the silence, and may have changed since.
            self.accepted = None

    def _drop_pending(self, moment: Moment) -> None:
        if self._pending is not None:
            moment.held.append((self._pending, UNCONFIRMED))
            self._pending = None

    def skip(self) -> None:
        if self.accepted is None:
            self.forget()

    def forget(self) -> None:
        self.accepted = self._pending = self.newer = None
        self.confirmed = False


class MeterClock(Judge):
    """A DATE that advanced as the monotonic clock did, since the believed DATE or else since the DATE before."""

    def __init__(self, row: Label) -> None:
        super().__init__()
        #: The last date that was believed and when it came, in monotonic seconds; the same of one that waits.
        self._believed: tuple[datetime, float] | None = None
        self._pending: tuple[datetime, float, InfoGroup] | None = None

    def take(self, group: InfoGroup, moment: Moment) -> InfoGroup | None:
        horodate = read_horodate(group.horodate or "")
        at, now = horodate.at, moment.now
        if at is None or horodate.degraded:
            # A date that the meter marks as degraded is passed on, but no other date is compared with it.
            if _possible(group.horodate):
                return group
            moment.held.append((group, DOMAIN))
            return None
        believed = moment.situation.at_once or (
            self._believed is not None and _goes(*self._believed, at, now)
        )
        if self._pending is not None:
            since, then, waiting = self._pending
            if believed or not _goes(since, then, at, now):
                moment.held.append((waiting, UNCONFIRMED))
            else:
                believed = True
        self._pending = None if believed else (at, now, group)
        if not believed:
            return None
        self._believed, self.newer = (at, now), group
        return group

    def forget(self) -> None:
        self._believed = self._pending = self.newer = None


def _goes(since: datetime, then: float, at: datetime, now: float) -> bool:
    """Return whether a clock that showed *since* at the monotonic time *then* can show *at* at *now*."""
    return abs((at - since).total_seconds() - (now - then)) <= _STRAY


def _possible(text: str | None) -> bool:
    """Return whether a meter can send the horodate *text*: an existing, a degraded or a blank date."""
    horodate = read_horodate(text or "")
    return horodate.at is not None or horodate.degraded or horodate.season == " "


def _reads(row: Label) -> Callable[[InfoGroup], bool]:
    """Return a check that the reader of *row* can read a group, and that its horodate is one."""

    def check(group: InfoGroup) -> bool:
        try:
            row.read(group.data)
        except ValueError:
            return False
        return not row.stamped or _possible(group.horodate)

    return check


def _between(least: int, most: int) -> Callable[[InfoGroup], bool]:
    return lambda group: least <= int(group.data) <= most


#: Label → its rule; the labels that are not here follow what their row is.
RULES: Mapping[str, Callable[[Label], Judge]] = {
    "DATE": MeterClock,
    "STGE": Status,
    "MSG2": lambda row: Free(),
    **dict.fromkeys(("ADPS", *ADIR), lambda row: Alert()),
    **dict.fromkeys(NAMES, lambda row: Agreed(row, FIRM)),
    # Some meters always send absurd values here, with right checksums.
    **dict.fromkeys(SINSTS, lambda row: Median(row, for_ever=True)),
    "ISOUSC": lambda row: Agreed(row, FIRM, _between(1, 90)),
    "PREF": lambda row: Agreed(row, FIRM, _between(1, 36)),
    "PCOUP": lambda row: Agreed(row, FIRM, _between(1, 36)),
    "VTIC": lambda row: Agreed(row, FIRM, _between(1, 9)),
    "PRM": lambda row: Agreed(row, FIRM),
    **dict.fromkeys(("PEJP", "NTARF", "NJOURF", "NJOURF+1"), Agreed),
    **dict.fromkeys((f"{edge}PM{number}" for edge in "DF" for number in (1, 2, 3)), Agreed),
}


def judge_of(label: str, mode: Mode) -> Judge:
    """Return a new judge for *label*."""
    row = BY_MODE[mode].get(label)
    if row is None:
        # A label without a specification may be a damaged one.
        return Seen()
    if label in RULES:
        return RULES[label](row)
    if row.unit in ("Wh", "varh"):
        return Index(row)
    if row.pattern is not DIGITS:
        return Agreed(row)
    return Stamped(row) if row.stamped else Median(row)
