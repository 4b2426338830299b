"""The ways in which values of a label agree with each other, one judge for each label of a meter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from operator import itemgetter
from typing import NamedTuple

from linkymonitor.model.terms import PERIODS, Mode
from linkymonitor.tic.frame import InfoGroup
from linkymonitor.tic.horodate import read_horodate
from linkymonitor.tic.labels import BY_MODE, DIGITS, Label
from linkymonitor.tic.status import CutOff, EuridisOutput, PlcStatus, read_status

#: Why a group was held.
DOMAIN = "domain"  # no meter can mean it
ORDER = "order"  # its frame is two frames run together
METER = "meter"  # its frame names another meter
CONTRACT = "contract"  # its frame names another contract
CROSS = "cross"  # it does not fit the rest of its frame
INDEX = "index"  # the index falls, or jumps further than energy can flow
UNCONFIRMED = "unconfirmed"  # no second frame said the same
#: Not causes of Held, but of Rejected in the frame that is passed on: still waiting for a second frame, and
#: expected but gone without a trace.
WAITING = "waiting"
MISSING = "missing"

#: Frames in a row it takes to believe what should not happen.
FIRM = 5
#: Whole frames in a row without an alert (PEJP, ADPS, ADIRn) it takes to believe that it is over: a line may be lost
#: without a trace, so silence is weaker than words.
SILENT = 3
#: Frames further apart than this (seconds) have nothing to do with each other; a meter sends one each 0.7 to 2.4.
GAP = 10.0
#: Values of one label further apart than this (seconds) are not compared. A three-phase meter in overload sends a
#: long frame each 14 s.
STALE = 30.0

#: A cut-off device lets twice its rating through for a minute or so.
MARGIN = 2.0
#: The largest subscription of a meter with TIC, and the most that one may show of power, in VA.
LARGEST = 36_000
_HIGHEST_POWER = 46_800
#: Seconds that frames may wait for us in the kernel, so that two come at once.
_LATE = 5.0
#: Wh that the rounding of two indexes may add.
_SLACK = 2
#: Wh by which two indexes may differ that say the same.
_SAME = 1
#: Wh by which an index that is heard seldom may differ from what the power makes of the one before: two digits of
#: an index that change places are at least one Wh more.
_ROOM = 8
#: What may be counted of one VAh, and by how much the share that is counted may change between two indexes.
_MOST_SHARE, _SHARE_CHANGE = 1.1, 0.05
_ROLL_OVER = 1_000_000_000
#: Seconds that DATE may stray from the clock between two frames.
_STRAY = 5.0

# What a change of a label makes worth checking beside the rest of its frame.
CURRENT, POWER, PERIOD, ENERGY = 1, 2, 4, 8
#: Not checked with these, but what names the meter or the contract; and ENERGY of the total, or of what is in force.
NAME, COUNTING = 16, 32


class Moment:
    """What the judges are told about the frame, and what they tell of it."""

    __slots__ = (
        "apparent",
        "at_once",
        "before",
        "eras",
        "gap",
        "held",
        "live",
        "now",
        "paced",
        "rate",
        "rating_changed",
        "soon",
        "sparse",
    )

    def __init__(self) -> None:
        self.now = 0.0
        #: When the frame before came.
        self.before = 0.0
        #: There is nothing to wait for: no frame before, or none that matters.
        self.at_once = False
        #: The frame before was GAP seconds ago, or more.
        self.gap = False
        #: Frames are always that far apart.
        self.paced = True
        #: And so far that one that waited for another would never be of its time.
        self.sparse = True
        #: Another frame is sure to come soon: nothing is believed because it is the first.
        self.live = False
        self.held: list[tuple[InfoGroup, str]] = []
        self.rating_changed = False
        #: Label of an index → VAh that flowed while it counted, by the powers that were believed.
        self.apparent: dict[str, float] = {}
        #: Label of an index → in how many frames that power was unknown: only VAh with the same can be compared.
        self.eras: dict[str, int] = {}
        self.set_rating(LARGEST)

    def flowed(self, label: str) -> tuple[int, float]:
        """Return the era and the VAh of the index *label* up to now."""
        return self.eras.get(label, 0), self.apparent.get(label, 0.0)

    def set_rating(self, power: int) -> None:
        """Set what the cut-off device lets through, in VA."""
        #: How fast an index may go, in Wh a second.
        self.rate = MARGIN * power / 3600
        #: How far at the least, however close the frames.
        self.soon = self.rate * _LATE + _SLACK


class Judge:
    """What is known of one label, and the rule by which it changes."""

    __slots__ = ("absent", "doubts", "family", "lost_at", "plain", "settled")

    def __init__(self, family: int = 0) -> None:
        self.family = family
        #: Whether nothing is open from before, so that a short way will do.
        self.plain = False
        #: Whether the same group once more would change nothing.
        self.settled = False
        #: When the last frame came that had the label, if a later one had not.
        self.lost_at: float | None = None
        #: Frames in a row without it, of those that cannot have lost it.
        self.absent = 0
        #: Frames in a row in which it did not fit the rest.
        self.doubts = 0

    @property
    def known(self) -> bool:
        """Whether the meter is known to send the label."""
        return False

    def sound(self, group: InfoGroup) -> bool:
        """Return whether a meter can mean *group*."""
        return True

    def weigh(self, group: InfoGroup, moment: Moment) -> InfoGroup | None:
        """Weigh *group*, which fits the rest of its frame, and return what is believed now."""
        if not self.sound(group):
            moment.held.append((group, DOMAIN))
            self.settled = False
            return None
        self.doubts = 0
        return self.take(group, moment)

    def take(self, group: InfoGroup, moment: Moment) -> InfoGroup | None:
        """Weigh *group*, which is sound, and return what is believed now."""
        raise NotImplementedError

    def doubt(self, group: InfoGroup, moment: Moment) -> InfoGroup | None:
        """Weigh *group*, which does not fit the rest of its frame, and return what is believed now."""
        self.doubts += 1
        if self.doubts >= FIRM:
            return self.take(group, moment)
        moment.held.append((group, CROSS))
        self.settled = False
        return None

    def skip(self) -> None:
        """Take note that a whole frame was silent about the label."""

    def lose(self, label: str, moment: Moment) -> None:
        """Take note that *label* was in the last frame, and is not in this one."""

    def forget_old(self) -> None:
        """Forget what is too old to be compared with."""

    def forget(self) -> None:
        """Forget everything: the meter no longer sends the label."""


class Free(Judge):
    """Anything goes: text that is sent only once."""

    __slots__ = ()

    def take(self, group: InfoGroup, moment: Moment) -> InfoGroup | None:
        self.settled = True
        return group


class Seen(Judge):
    """What is there or not: two frames in a row that have it."""

    __slots__ = ("_count",)

    def __init__(self, family: int = 0) -> None:
        super().__init__(family)
        self._count = 0

    @property
    def known(self) -> bool:
        return self._count > 0

    def take(self, group: InfoGroup, moment: Moment) -> InfoGroup | None:
        self._count += 1
        self.settled = self._count >= 2
        return group if self.settled or moment.at_once else None

    def skip(self) -> None:
        if not self.settled:
            self._count = 0

    def forget(self) -> None:
        self._count = 0

    forget_old = forget


class Alert(Seen):
    """A current in excess, which is there or not."""

    __slots__ = ()

    def __init__(self, row: Label) -> None:
        super().__init__(POWER)

    def sound(self, group: InfoGroup) -> bool:
        return int(group.data) <= _HIGHEST["A"]


class Median(Judge):
    """The median of the last three."""

    __slots__ = ("_for_ever", "_highest", "newer", "older", "suspect")

    def __init__(self, row: Label, for_ever: bool = False) -> None:
        super().__init__(_FAMILIES.get(row.name, 0))
        # Numbers have a fixed width, so as texts they have the order of numbers.
        limit = _HIGHEST.get(row.unit)
        self._highest = _NO_LIMIT if limit is None else f"{limit:0{len(row.example)}d}"
        self._for_ever = for_ever
        self.older: InfoGroup | None = None
        self.newer: InfoGroup | None = None
        #: Did not fit its own frame; the next one tells whether it was only ahead of the others.
        self.suspect: InfoGroup | None = None

    @property
    def known(self) -> bool:
        return self.newer is not None

    def sound(self, group: InfoGroup) -> bool:
        return group is self.newer or group.data <= self._highest

    def weigh(self, group: InfoGroup, moment: Moment) -> InfoGroup | None:
        data = group[1]
        if not self.plain or data > self._highest:
            return super().weigh(group, moment)
        older: InfoGroup = self.older  # type: ignore[assignment]
        newer: InfoGroup = self.newer  # type: ignore[assignment]
        self.older = newer
        self.newer = group
        most = newer[1]
        if data == most:
            self.settled = True
            return group
        self.settled = False
        least = older[1]
        if least <= most:
            return newer if data > most else older if data < least else group
        return older if data > least else newer if data < most else group

    def take(self, group: InfoGroup, moment: Moment) -> InfoGroup | None:
        older, newer = self.older, self.newer
        self.older, self.newer = newer, group
        if self.suspect is not None:
            moment.held.append((self.suspect, CROSS))
            self.suspect = None
        if moment.at_once:
            # The first is believed until two others outvote it.
            self.older = group
            self.settled = False
            self.plain = True
            return group
        if moment.gap and not moment.paced:
            # What was said before a silence is not what is drawn after it.
            self.older = None
            self.settled = self.plain = False
            return group if newer == group else None
        if newer is None:
            self.settled = False
            return None
        self.plain = True
        self.settled = newer == group
        if older is None:
            return group if self.settled else None
        return sorted((older, newer, group))[1]

    def doubt(self, group: InfoGroup, moment: Moment) -> InfoGroup | None:
        self.doubts += 1
        if self.doubts >= FIRM and not self._for_ever:
            return self.take(group, moment)
        if self.suspect is not None:
            moment.held.append((self.suspect, CROSS))
        self.suspect = group
        self.settled = self.plain = False
        return None

    def forget(self) -> None:
        self.older = self.newer = self.suspect = None
        self.plain = False

    def forget_old(self) -> None:
        self.forget()


class Stamped(Median):
    """A value with its horodate: what two of the last three say, for there is no middle between horodates."""

    __slots__ = ("_believed",)

    weigh = Judge.weigh

    def __init__(self, row: Label) -> None:
        super().__init__(row)
        self._believed: InfoGroup | None = None

    def sound(self, group: InfoGroup) -> bool:
        return group is self.newer or (super().sound(group) and possible(group.horodate))

    def take(self, group: InfoGroup, moment: Moment) -> InfoGroup | None:
        older, newer = self.older, self.newer
        result = super().take(group, moment)
        if moment.at_once or group in (older, newer):
            self._believed = group
        elif older == newer:
            self._believed = newer
        elif result is None or moment.gap or self._believed not in (older, newer):
            self._believed = None
        return self._believed

    def forget(self) -> None:
        super().forget()
        self._believed = None


class Status(Median):
    """The status register: each bit as two of the last three have it."""

    __slots__ = ()

    weigh = Judge.weigh

    def sound(self, group: InfoGroup) -> bool:
        if group is self.newer:
            return True
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
        older, newer = self.older, self.newer
        result = super().take(group, moment)
        if moment.at_once or older is None or newer is None:
            return result
        if group in (older, newer):
            return group
        if older == newer:
            return newer
        a, b, c = (int(one.data, 16) for one in (older, newer, group))
        result = InfoGroup(group.label, f"{a & b | b & c | a & c:08X}")
        return result if self.sound(result) else newer


class Agreed(Judge):
    """What so many frames in a row say the same."""

    __slots__ = ("_check", "_count", "_need", "_pending", "_since", "accepted", "confirmed")

    def __init__(self, row: Label, need: int = 2, check: Callable[[InfoGroup], bool] | None = None) -> None:
        super().__init__(_FAMILIES.get(row.name, 0) | (NAME if row.name in NAMES else 0))
        self._need = need
        self._check = check or (_reads(row) if row.read is not str else None)
        self.accepted: InfoGroup | None = None
        #: Whether more than one frame said so.
        self.confirmed = False
        self._pending: InfoGroup | None = None
        self._count = 0
        self._since = 0.0

    @property
    def known(self) -> bool:
        return self.accepted is not None or self._pending is not None

    def sound(self, group: InfoGroup) -> bool:
        return group is self.accepted or self._check is None or self._check(group)

    def take(self, group: InfoGroup, moment: Moment) -> InfoGroup | None:
        return self._weigh(group, moment, False)

    def doubt(self, group: InfoGroup, moment: Moment) -> InfoGroup | None:
        self.doubts += 1
        return self._weigh(group, moment, True)

    def _weigh(self, group: InfoGroup, moment: Moment, doubtful: bool) -> InfoGroup | None:
        accepted, pending = self.accepted, self._pending
        if group == accepted:
            if pending is not None:
                moment.held.append((pending, UNCONFIRMED))
                self._pending = None
            self.confirmed = self.settled = True
            return group
        if group == pending:
            self._count += 1
        else:
            if pending is not None:
                moment.held.append((pending, UNCONFIRMED))
            else:
                self._since = moment.now
            self._pending, self._count = group, 1
            if accepted is not None and not self.confirmed and not moment.at_once:
                # One against one: neither is believed.
                moment.held.append((accepted, UNCONFIRMED))
                self.accepted = accepted = None
            elif moment.gap and self._need == 2 and not moment.at_once:
                # It was so before the silence, and may have changed in it.
                self.accepted = accepted = None
        need = FIRM if doubtful else 2 if accepted is None else self._need
        at_once = moment.at_once and not doubtful and (accepted is None or self._need == 2)
        if self._count >= need or at_once:
            self.accepted, self._pending = group, None
            self.confirmed = self.settled = self._count >= 2
            moment.rating_changed |= self._need == FIRM
        else:
            self.settled = False
            if moment.now - self._since > STALE:
                return None
        return self.accepted

    def skip(self) -> None:
        if self.accepted is None:
            self._pending = None

    def forget(self) -> None:
        self.accepted = self._pending = None
        self.confirmed = False


class Clock(Judge):
    """DATE, which goes as our clock does."""

    __slots__ = ("_now", "_pending", "_text")

    def __init__(self, row: Label) -> None:
        super().__init__()
        #: The last one that was believed, and when; empty when none was.
        self._text = ""
        self._now = 0.0
        self._pending: tuple[InfoGroup, datetime, float] | None = None

    @property
    def known(self) -> bool:
        return self._text != ""

    def weigh(self, group: InfoGroup, moment: Moment) -> InfoGroup | None:
        # A frame has a new one each second: while the minute lasts the seconds say it all.
        text, known, now = group[2] or "", self._text, moment.now
        if known and self._pending is None and text[:11] == known[:11] and text[11:] < "60":
            strays = int(text[11:]) - int(known[11:]) - now + self._now
            if -_STRAY <= strays <= _STRAY:
                self._text, self._now, self.settled = text, now, True
                return group
        return self.take(group, moment)

    def take(self, group: InfoGroup, moment: Moment) -> InfoGroup | None:
        self.settled = True
        text, now = group.horodate or "", moment.now
        horodate = read_horodate(text)
        at = horodate.at
        if at is None or horodate.degraded:
            # A clock that says it is wrong is nobody's source of time.
            if not possible(text):
                moment.held.append((group, DOMAIN))
                return None
            return group
        since = read_horodate(self._text).at if self._text else None
        believed = moment.at_once or (since is not None and _goes(since, self._now, at, now))
        pending = self._pending
        if pending is not None and (believed or not _goes(pending[1], pending[2], at, now)):
            moment.held.append((pending[0], UNCONFIRMED))
        elif pending is not None:
            believed = True
        if believed:
            self._text, self._now, self._pending = text, now, None
            return group
        self._pending = (group, at, now)
        self.settled = False
        return None

    def forget(self) -> None:
        self._text, self._pending = "", None


def _goes(since: datetime, then: float, at: datetime, now: float) -> bool:
    return abs((at - since).total_seconds() - (now - then)) <= _STRAY


class _Mark(NamedTuple):
    """An index that was heard, beside the VAh that had flowed by then."""

    wh: int
    #: In how many frames the power had been unknown by then.
    era: int
    apparent: float
    #: Wh that were counted before it, and the VAh that flowed meanwhile; None when nothing is known of that.
    slope: tuple[int, float] | None
    #: How many in a row bore each other out.
    times: int = 1

    def flow(self, later: _Mark) -> tuple[int, float] | None:
        """Return the Wh and VAh from here to *later*, None when they cannot be, or nothing is known."""
        counted, flowed = (later.wh - self.wh) % _ROLL_OVER, later.apparent - self.apparent
        possible = later.era == self.era and counted <= flowed * _MOST_SHARE + _SAME
        return (counted, flowed) if possible else None

    def bears_out(self, counted: int, flowed: float) -> bool:
        """Return whether *counted* Wh are what *flowed* VAh should make, to less than a slip of digits."""
        if flowed * _MOST_SHARE + _SAME <= _ROOM:
            return True
        if self.slope is None or not self.slope[1]:
            return False
        ratio = flowed / self.slope[1]
        room = 1.5 * _SAME * (1 + ratio) + _SHARE_CHANGE * flowed
        return abs(counted - self.slope[0] * ratio) <= min(room, _ROOM)


class Index(Judge):
    """An energy: the median of the last three, never less and never faster than energy can flow."""

    __slots__ = (
        "_anchor",
        "_believed",
        "_borne_out",
        "_candidate",
        "_committed",
        "_confirmed",
        "_doubted_since",
        "_drawn",
        "_far",
        "_newer",
        "_older",
        "_older_group",
        "_step",
        "_step_at",
        "_steps",
        "_sure_at",
        "newer",
    )

    def __init__(self, row: Label) -> None:
        super().__init__(ENERGY if row.name in _FAMILIES else 0)
        self._drawn = row.fills != "injected_index" and row.unit == "Wh"
        #: The last one before a STALE pause, or that was believed after one; and a later one that still waits.
        self._anchor: _Mark | None = None
        self._candidate: _Mark | None = None
        self.forget()

    def forget(self) -> None:
        self._believed: InfoGroup | None = None
        self._committed: int | None = None
        self._confirmed = self.plain = False
        self._older = self._newer = 0
        self._older_group: InfoGroup | None = None
        #: The last one that was possible.
        self.newer: InfoGroup | None = None
        #: When the older one was heard, if the newer came so much later that nearly anything was possible.
        self._sure_at: float | None = None
        #: Whether the newer one then goes on from another that is not STALE.
        self._borne_out = False
        #: Whether the newer one came STALE after the one before it.
        self._far = False
        self._restart()

    def _restart(self) -> None:
        #: When the newer one was heard, if what came since is held.
        self._doubted_since: float | None = None
        self._step: int | None = None
        self._step_at = 0.0
        self._steps = 0

    @property
    def known(self) -> bool:
        return self.newer is not None

    def _bound(self, moment: Moment, since: float) -> float:
        """Return how many Wh the meter may have counted since the monotonic time *since*."""
        rate = moment.rate if self._drawn else MARGIN * LARGEST / 3600
        return rate * (moment.now - since + _LATE) + _SLACK

    def _since(self, moment: Moment) -> float:
        """Return when the newer one was last heard."""
        if self._doubted_since is not None:
            return self._doubted_since
        return moment.before if self.lost_at is None else self.lost_at

    def weigh(self, group: InfoGroup, moment: Moment) -> InfoGroup | None:
        wh, newer = int(group[1]), self._newer
        if self.plain and newer <= wh <= newer + moment.soon:
            believed = self.newer
            self._committed = self._older = newer
            self._believed = self._older_group = believed
            self._newer = wh
            self.newer = group
            self.settled = newer == wh
            return believed
        self.doubts = 0
        return self.take(group, moment)

    def take(self, group: InfoGroup, moment: Moment) -> InfoGroup | None:
        wh, since = int(group.data), self._since(moment)
        committed, older, newer = self._committed, self._older, self._newer
        self.plain = False
        far = committed is None or moment.now - since > STALE
        self._far = far and self._anchor is not None and not moment.sparse
        if committed is None:
            if self._far and self._goes_on(wh, group, moment):
                return group
            return self._first(wh, group, moment, since)
        ahead = (wh - committed) % _ROLL_OVER
        sure, sure_at = (newer, since) if self._sure_at is None else (older, self._sure_at)
        if ahead > lead(sure, committed) + self._bound(moment, sure_at):
            return self._weigh_step(wh, group, moment, INDEX)
        if self._far and self._goes_on(wh, group, moment):
            return group
        if self._doubted_since is not None:
            self._restart()
        self._confirmed = True
        silence = moment.now - since
        if self._sure_at is not None:
            # The first after a silence is only as good as the next two, or as one that says the same.
            further = (wh - newer) % _ROLL_OVER
            fits, near = further <= self._bound(moment, since), silence <= STALE
            if not fits or not (self._borne_out or moment.sparse or (near and further <= _SAME)):
                if not fits and self.newer is not None:
                    moment.held.append((self.newer, INDEX))
                self._newer, self.newer, self._borne_out = wh, group, fits and near
                self.settled = False
                return self._said(group, moment, self._sure_at, silence)
        self._commit(wh, ahead, group)
        self.settled = newer == wh == self._committed and (silence <= STALE or moment.sparse)
        self._older, self._older_group = newer, self.newer
        self._newer, self.newer = wh, group
        if self.settled:
            self._believed = group
        if silence > GAP and not self.settled:
            self._sure_at, self._borne_out = since, silence <= STALE
        else:
            self._sure_at = None
        self.plain = self._sure_at is None and self._committed == newer <= wh
        return self._said(group, moment, since, silence)

    def lose(self, label: str, moment: Moment) -> None:
        if self.newer is not None and not self._far:
            slope = self._anchor.slope if self._anchor is not None else None
            self._anchor = _Mark(self._newer, *moment.flowed(label), slope)
            self._candidate = None

    def _goes_on(self, wh: int, group: InfoGroup, moment: Moment) -> bool:
        """Believe an index that goes on from one STALE before it as the power in between says (docs/adr/0019)."""
        era, apparent = moment.flowed(group.label)
        anchor, candidate = self._anchor, self._candidate
        mark, bearer = _Mark(wh, era, apparent, None), None
        # The last believed index is asked before the one that waits for agreement, for that one may be the wrong index.
        for before in (anchor, candidate):
            flow = before.flow(mark) if before is not None else None
            if before is None or flow is None:
                continue
            if before.bears_out(*flow):
                # Of next to nothing no share can be told.
                slope = flow if flow[1] > _ROOM else before.slope
                mark, bearer = mark._replace(slope=slope, times=before.times + 1), before
                break
            mark = mark._replace(slope=flow, times=1)
        # What the power rules out has to insist: two slips of a register that stands may be alike. So has what comes
        # after the label was taken for gone, with nothing to compare it with: no bound of the cut-off device holds.
        compared = anchor is not None and anchor.era == era
        ruled_out = anchor is None or anchor.flow(mark) is None
        need = FIRM if ruled_out and (compared or self._committed is None) else 2
        if mark.times < need:
            self._candidate = mark
            return False
        if candidate is not None and bearer is anchor is not None and self.newer is not None:
            later = candidate.flow(mark)
            if later is None or not candidate._replace(slope=anchor.slope).bears_out(*later):
                moment.held.append((self.newer, INDEX))
        self._anchor, self._candidate = mark._replace(times=1), None
        self._committed = self._older = self._newer = wh
        self._believed = self._older_group = self.newer = group
        self._confirmed, self._sure_at = True, None
        self.settled = False
        self._restart()
        return True

    def _commit(self, wh: int, ahead: int, group: InfoGroup) -> None:
        """Believe the middle one of the last two and *group*, unless that is less than what was believed."""
        committed = self._committed or 0
        _, value, chosen = sorted(
            (
                (lead(self._older, committed), self._older, self._older_group),
                (lead(self._newer, committed), self._newer, self.newer),
                (ahead, wh, group),
            ),
            key=itemgetter(0),
        )[1]
        if lead(value, committed) >= 0:
            self._committed, self._believed = value, chosen

    def _said(self, group: InfoGroup, moment: Moment, since: float, silence: float) -> InfoGroup | None:
        """Return what is believed, which was heard at *since* or, where frames come alone, is *group*."""
        if silence > GAP and moment.sparse:
            return group
        if moment.now - since > STALE:
            # Better no index than one that old; and one that comes after so long is borne out by the next.
            return None
        return self._believed

    def _first(self, wh: int, group: InfoGroup, moment: Moment, since: float) -> InfoGroup | None:
        """Weigh an index of which nothing is believed yet.

        What is believed is one that the next says too, or the middle one of three that follow each other.
        """
        # One that is old bears nothing out: after a while nearly any index fits, and it must not be said as if of now.
        near = self.newer is not None and moment.now - since <= STALE
        further = (wh - self._newer) % _ROLL_OVER
        if near and further <= self._bound(moment, since):
            if self._older_group is not None or further <= _SAME:
                self._committed, self._believed, self._confirmed = self._newer, self.newer, True
            self._older, self._older_group = self._newer, self.newer
        elif moment.at_once and (moment.sparse or self.newer is None):
            self._committed, self._believed = wh, group
            self._older, self._older_group = wh, group
        elif self._older_group is not None and further <= self._bound(moment, since):
            # Two that bore each other out, and then a silence like any other.
            self._committed, self._confirmed, self._sure_at = self._newer, True, since
            self._older, self._older_group = self._newer, self.newer
        else:
            self._older_group = None
        self._newer, self.newer = wh, group
        self.settled = False
        return self._believed

    def doubt(self, group: InfoGroup, moment: Moment) -> InfoGroup | None:
        self.doubts += 1
        wh, pause = int(group.data), moment.now - self._since(moment)
        # The rest of the frame may be what is wrong: what goes on as the power says is not.
        if pause > STALE and self._anchor is not None and not moment.sparse:
            self._far = True
            if self._goes_on(wh, group, moment):
                return group
        return self._weigh_step(wh, group, moment, CROSS)

    def _weigh_step(self, wh: int, group: InfoGroup, moment: Moment, cause: str) -> InfoGroup | None:
        """Weigh an index that should not be; return what was believed before until it insists."""
        self.settled = self.plain = False
        moment.held.append((group, cause))
        if not self._confirmed:
            # One against one: neither is believed.
            self._committed = self._believed = self._older_group = None
            self._newer, self.newer = wh, group
            return None
        goes_on = self._step is not None and (wh - self._step) % _ROLL_OVER <= self._bound(
            moment, self._step_at
        )
        self._steps = self._steps + 1 if goes_on else 1
        self._step, self._step_at = wh, moment.now
        self._doubted_since = self._since(moment)
        if self._steps >= FIRM:
            moment.held.pop()
            self._restart()
            self._older = self._newer = self._committed = wh
            self._older_group = self.newer = self._believed = group
            self._sure_at = self._anchor = self._candidate = None
            self.settled = True
        elif moment.now - (self._doubted_since if self._sure_at is None else self._sure_at) > STALE:
            return None
        return self._believed


def lead(wh: int, of: int) -> int:
    """Return how far *wh* is ahead of another index, negative when behind; 999999999 is just before 0."""
    return (wh - of + _ROLL_OVER // 2) % _ROLL_OVER - _ROLL_OVER // 2


# --- Domains ---


def possible(text: str | None) -> bool:
    """Return whether a meter can send the horodate *text*: a date that exists, unless it says it has none."""
    horodate = read_horodate(text or "")
    return horodate.at is not None or horodate.degraded or horodate.season == " "


def _reads(row: Label) -> Callable[[InfoGroup], bool]:
    """Return a check that the reader of *row* can read a group, and that its horodate is one."""

    def check(group: InfoGroup) -> bool:
        try:
            row.read(group.data)
        except ValueError:
            return False
        return not row.stamped or possible(group.horodate)

    return check


def _between(least: int, most: int) -> Callable[[InfoGroup], bool]:
    return lambda group: least <= int(group.data) <= most


#: Comes after all digits.
_NO_LIMIT = "~"
_HIGHEST: Mapping[str, int] = {"A": 150, "V": 420, "VA": _HIGHEST_POWER, "W": _HIGHEST_POWER}

# --- Which label follows which rule; the others go by their row ---

IINST = ("IINST1", "IINST2", "IINST3")
ADIR = ("ADIR1", "ADIR2", "ADIR3")
IRMS = ("IRMS1", "IRMS2", "IRMS3")
URMS = ("URMS1", "URMS2", "URMS3")
SINSTS = ("SINSTS1", "SINSTS2", "SINSTS3")
EASF = frozenset(f"EASF{number:02d}" for number in range(1, 11))
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
#: What names the meter and the contract.
NAMES = frozenset({*METERS, "OPTARIF", "NGTF"})

_FAMILIES: Mapping[str, int] = {
    **dict.fromkeys(("IINST", *IINST, *IRMS, *URMS), CURRENT),
    **dict.fromkeys(("PAPP", "SINSTS", *SINSTS, "SINSTI"), POWER),
    **dict.fromkeys(("PTEC", "NTARF", "STGE"), PERIOD),
    **dict.fromkeys(("EAST", *EASF, *REGISTER_OF.values()), ENERGY),
}

_RULES: Mapping[str, Callable[[Label], Judge]] = {
    "DATE": Clock,
    "STGE": Status,
    "MSG2": lambda row: Free(),
    **dict.fromkeys(("ADPS", *ADIR), Alert),
    **dict.fromkeys(NAMES, lambda row: Agreed(row, FIRM)),
    # Absurd for ever on some meters, with right checksums.
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
        # A label that was never there before may be another one, damaged.
        return Seen()
    if label in _RULES:
        return _RULES[label](row)
    if row.unit in ("Wh", "varh"):
        return Index(row)
    if row.pattern is not DIGITS:
        return Agreed(row)
    return Stamped(row) if row.stamped else Median(row)
