"""The rule of an index: a table of states, and what the power says of an index that is heard seldom."""

# Strategy
#
# - An index never falls, and never goes faster than the cut-off device lets energy through. While frames follow each
#   other, that bounds the next index to a few Wh. After a silence of hours nearly any index is within the bound: one
#   index alone proves nothing then, and the next one has to bear it out.
# - What is known of an index is one of the states of State. A new index is one of the events of Event. TRANSITIONS
#   says what follows from the two; docs/acceptance.md shows it as a diagram.
# - An index whose line is damaged in nearly all frames has no neighbour to bear it out. The power is heard meanwhile,
#   so the index is compared with the VAh that flowed (docs/adr/0019).

from __future__ import annotations

import math
from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from linkymonitor.meter.acceptance.judge import CROSS, FIRM, GAP, INDEX, STALE, Judge, Moment
from linkymonitor.model.epochs import QUEUED, advance, lead, most
from linkymonitor.tic.frame import InfoGroup
from linkymonitor.tic.labels import Label

#: Wh by which two indexes may differ that are still the same.
_SAME = 1
#: Wh by which an index that is heard seldom may differ from what the power makes of the one before. Two digits that
#: change places make a difference of at least 9 Wh.
_ROOM = 8
#: The most Wh that one VAh may count, and by how much the Wh of one VAh may change between two intervals.
_MOST_SHARE, _SHARE_CHANGE = 1.1, 0.05


class State(StrEnum):
    """What is known of an index."""

    UNKNOWN = "nothing was heard"
    HEARD = "one index was heard, and nothing bears it out"
    PAIRED = "two were heard, the second possible after the first; a third decides"
    ASSUMED = "one is believed at once, because no second frame may come"
    SURE = "one is believed that another bears out"
    CANDIDATE = "one is believed; the first one after a silence waits"
    SECONDED = "one is believed; the first one after a silence is possible after another of the last 30 s"


class Event(StrEnum):
    """How a new index stands to what is known."""

    SAME = "at most 1 Wh after the newest, within 30 s"
    FOLLOWS = "possible after the newest, within 10 s"
    PAUSED = "possible after the newest, after 10 to 30 s"
    LATE = "possible after the newest, after more than 30 s"
    STRAYS = "not possible after the newest, which only waits; or there is no newest"
    ALONE = "possible, and no second frame may come"
    EXPECTED = "as the power makes it of one that is more than 30 s old"
    IMPOSSIBLE = "not possible after the one that is believed, or does not fit the rest of the frame"
    INSISTS = "the fifth impossible one in a row, each possible after the one before"


#: The states in which what is believed is older than the newest: a silence lies between them.
_AFTER_SILENCE = (State.CANDIDATE, State.SECONDED)
#: The states in which the newest need not follow the one before: it is only asked to be possible.
_COUNTING = (State.ASSUMED, State.SURE)


class Hearing(NamedTuple):
    """An index as it was heard."""

    wh: int
    #: Monotonic seconds.
    at: float
    group: InfoGroup


_Act: TypeAlias = Callable[["Index", Hearing, Moment, str], None]


class Index(Judge):
    """An energy: the median of the last three, never less and never faster than energy can flow."""

    def __init__(self, row: Label) -> None:
        super().__init__()
        #: Whether the subscribed power bounds it: no reactive and no injected energy.
        self._drawn = row.fills != "injected_index" and row.unit == "Wh"
        self._seldom = _Seldom()
        #: Whether the newest came STALE after the one before it.
        self._far = False
        self.forget()

    def forget(self) -> None:
        self.state = State.UNKNOWN
        self._believed: Hearing | None = None
        #: The last two that were possible.
        self._older: Hearing | None = None
        self._newest: Hearing | None = None
        self.newer = None
        #: The last one that was held, and how many in a row insisted.
        self._odd: Hearing | None = None
        self._odd_times = 0

    def doubt(self, group: InfoGroup, moment: Moment) -> InfoGroup | None:
        return self.take(group, moment, CROSS)

    def take(self, group: InfoGroup, moment: Moment, fault: str = "") -> InfoGroup | None:
        """Change the state by *group*; return the group that is believed now.

        Args:
            group: the new index.
            moment: its frame.
            fault: why it is impossible, if the rest of the frame says so.
        """
        heard = Hearing(int(group.data), moment.now, group)
        event = self._event(heard, moment, fault)
        act, self.state = TRANSITIONS[self.state, event]
        act(self, heard, moment, fault or INDEX)
        if self._believed is None:
            return None
        if moment.situation.lone and self._newest is heard:
            return group
        # No index is better than an old one: the next frame has another.
        sure = self._sure()
        return self._believed.group if sure is not None and moment.now - sure.at <= STALE else None

    def lose(self, moment: Moment) -> None:
        if self._newest is not None and not self._far:
            self._seldom.begin(self._newest.wh, *moment.flow.of(self._newest.group.label))

    def _sure(self) -> Hearing | None:
        """Return the newest index that is no candidate after a silence."""
        return self._older if self.state in _AFTER_SILENCE else self._newest

    def _event(self, heard: Hearing, moment: Moment, fault: str) -> Event:  # noqa: PLR0911 -- one for each event
        """Return how *heard* stands to what is known."""
        newest, believed, lone = self._newest, self._believed, moment.situation.lone
        silence = 0.0 if newest is None else heard.at - newest.at
        self._far = (believed is None or silence > STALE) and self._seldom.known and not lone
        if heard.group is self.newer and self.state is State.SURE and silence <= GAP and not fault:
            return Event.SAME
        sure = self._sure()
        if believed is not None and sure is not None and not fault:
            bound = lead(sure.wh, believed.wh) + self._bound(sure, heard, moment)
            fault = INDEX if advance(believed.wh, heard.wh) > bound else ""
        if fault != INDEX and self._far and self._expected(heard, moment):
            return Event.EXPECTED
        if fault:
            return Event.INSISTS if self._insists(heard, moment) else Event.IMPOSSIBLE
        if believed is None and moment.situation.at_once:
            return Event.ALONE
        if newest is None:
            return Event.STRAYS
        further = advance(newest.wh, heard.wh)
        if self.state not in _COUNTING and further > self._bound(newest, heard, moment):
            return Event.STRAYS
        if believed is not None and lone:
            return Event.ALONE
        if silence > STALE:
            return Event.LATE
        if further <= _SAME:
            return Event.SAME
        return Event.PAUSED if silence > GAP else Event.FOLLOWS

    def _bound(self, since: Hearing, heard: Hearing, moment: Moment) -> float:
        """Return how many Wh the meter may have counted from *since* to *heard*."""
        return most(heard.at - since.at, moment.subscribed if self._drawn else None, QUEUED)

    def _insists(self, heard: Hearing, moment: Moment) -> bool:
        """Return whether *heard* is the last of so many impossible ones that they are a step of the meter."""
        if self._believed is None or self.state is State.ASSUMED:
            return False
        odd, newest = self._odd, self._newest
        goes_on = (
            odd is not None
            and (newest is None or odd.at > newest.at)
            and advance(odd.wh, heard.wh) <= self._bound(odd, heard, moment)
        )
        self._odd, self._odd_times = heard, self._odd_times + 1 if goes_on else 1
        if self._odd_times < FIRM:
            return False
        self._seldom = _Seldom()
        return True

    def _expected(self, heard: Hearing, moment: Moment) -> bool:
        """Return whether the power bears out *heard*; hold the newest if the power speaks against that one."""
        mark = _Mark(heard.wh, *moment.flow.of(heard.group.label), None)
        borne_out, waiting_was_wrong = self._seldom.bears_out(mark, believed=self._believed is not None)
        if waiting_was_wrong and self._newest is not None:
            moment.held.append((self._newest.group, INDEX))
        return borne_out

    # The actions of the table: what becomes of the new index, which is the newest then unless it is held. *cause* is
    # why it is held.

    def keep(self, heard: Hearing, moment: Moment, cause: str) -> None:
        """Keep the new index to compare the next with it."""
        self._newest, self.newer = heard, heard.group

    def discard(self, heard: Hearing, moment: Moment, cause: str) -> None:
        """Hold the newest and put the new index in its place."""
        if self.newer is not None:
            moment.held.append((self.newer, INDEX))
        self.keep(heard, moment, cause)

    def contradict(self, heard: Hearing, moment: Moment, cause: str) -> None:
        """Hold the new index, believe none, and compare the next with it."""
        self._believed = None
        self.hold(heard, moment, cause)
        self.keep(heard, moment, cause)

    def hold(self, heard: Hearing, moment: Moment, cause: str) -> None:
        """Hold the new index."""
        moment.held.append((heard.group, cause))

    def confirm(self, heard: Hearing, moment: Moment, cause: str) -> None:
        """Believe the newest and put the new index in its place."""
        self._believed = self._older = self._newest
        self.keep(heard, moment, cause)

    def believe(self, heard: Hearing, moment: Moment, cause: str) -> None:
        """Believe the new index."""
        self._believed = self._older = heard
        self.keep(heard, moment, cause)

    def median(self, heard: Hearing, moment: Moment, cause: str) -> None:
        """Believe the median of the last three, unless it is a fall."""
        older, newest, believed = self._older, self._newest, self._believed
        if newest is not None and newest.wh == heard.wh:
            self._believed = heard
        elif older is not None and newest is not None and believed is not None:
            median = sorted((older, newest, heard), key=lambda each: lead(each.wh, believed.wh))[1]
            self._believed = median if lead(median.wh, believed.wh) >= 0 else believed
        self._older = newest
        self.keep(heard, moment, cause)


_BELIEVE_NONE = (State.UNKNOWN, State.HEARD, State.PAIRED)
_BORNE_OUT = (State.SURE, State.CANDIDATE, State.SECONDED)
#: What is known; how the new index stands to it; what becomes of the new index; what is known then.
_ROWS: tuple[tuple[tuple[State, ...], tuple[Event, ...], _Act, State], ...] = (
    ((State.UNKNOWN,), (Event.STRAYS,), Index.keep, State.HEARD),
    ((State.HEARD,), (Event.SAME,), Index.confirm, State.SURE),
    ((State.HEARD,), (Event.FOLLOWS, Event.PAUSED), Index.keep, State.PAIRED),
    ((State.HEARD,), (Event.LATE, Event.STRAYS), Index.keep, State.HEARD),
    ((State.PAIRED,), (Event.SAME, Event.FOLLOWS, Event.PAUSED), Index.confirm, State.SURE),
    ((State.PAIRED,), (Event.LATE,), Index.confirm, State.CANDIDATE),
    ((State.PAIRED,), (Event.STRAYS,), Index.keep, State.HEARD),
    (_BELIEVE_NONE, (Event.ALONE,), Index.believe, State.ASSUMED),
    ((*_BELIEVE_NONE, State.ASSUMED), (Event.IMPOSSIBLE,), Index.contradict, State.HEARD),
    ((State.ASSUMED, State.SURE, State.SECONDED), (Event.SAME, Event.FOLLOWS), Index.median, State.SURE),
    ((State.ASSUMED, State.SURE, State.SECONDED), (Event.PAUSED,), Index.median, State.SECONDED),
    ((State.ASSUMED, State.SURE, State.SECONDED), (Event.LATE, Event.ALONE), Index.median, State.CANDIDATE),
    ((State.CANDIDATE,), (Event.SAME,), Index.median, State.SURE),
    ((State.CANDIDATE,), (Event.FOLLOWS, Event.PAUSED), Index.keep, State.SECONDED),
    ((State.CANDIDATE,), (Event.LATE,), Index.keep, State.CANDIDATE),
    ((State.CANDIDATE,), (Event.ALONE,), Index.median, State.CANDIDATE),
    ((State.CANDIDATE, State.SECONDED), (Event.STRAYS,), Index.discard, State.CANDIDATE),
    ((State.SURE,), (Event.IMPOSSIBLE,), Index.hold, State.SURE),
    ((State.CANDIDATE,), (Event.IMPOSSIBLE,), Index.hold, State.CANDIDATE),
    ((State.SECONDED,), (Event.IMPOSSIBLE,), Index.hold, State.SECONDED),
    (_BORNE_OUT, (Event.INSISTS,), Index.believe, State.SURE),
    (tuple(State), (Event.EXPECTED,), Index.believe, State.SURE),
)
#: What is known, and how the new index stands to it → what becomes of it, and what is known then.
TRANSITIONS = {
    (state, event): (act, after)
    for states, events, act, after in _ROWS
    for state in states
    for event in events
}


class _Mark(NamedTuple):
    """An index that was heard, beside the VAh that had flowed by then."""

    wh: int
    #: In how many frames the power had been unknown by then: only VAh of one era can be compared.
    era: int
    vah: float
    #: The Wh that were counted in the interval before it, and the VAh that flowed then; None when it is not known.
    slope: tuple[int, float] | None
    #: How many in a row bore each other out.
    times: int = 1

    def flow(self, later: _Mark) -> tuple[int, float] | None:
        """Return the Wh and VAh from here to *later*, None when they cannot be, or are not known."""
        counted, flowed = advance(self.wh, later.wh), later.vah - self.vah
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


class _Seldom:
    """What an index that is heard seldom is compared with (docs/adr/0019)."""

    def __init__(self) -> None:
        #: The last index before a pause of STALE, or that was believed after one; and a later one that waits.
        self._anchor: _Mark | None = None
        self._candidate: _Mark | None = None

    @property
    def known(self) -> bool:
        """Whether there is an index to compare with."""
        return self._anchor is not None

    def begin(self, wh: int, era: int, vah: float) -> None:
        """Compare with this index what comes later."""
        self._anchor = _Mark(wh, era, vah, self._anchor.slope if self._anchor is not None else None)
        self._candidate = None

    def bears_out(self, mark: _Mark, *, believed: bool) -> tuple[bool, bool]:
        """Compare *mark* with what came before it.

        Args:
            mark: the new index.
            believed: whether any index is believed.

        Returns:
            Whether the power bears *mark* out, and whether the one that waited is wrong then.
        """
        anchor, candidate, bearer = self._anchor, self._candidate, None
        # The last believed index is asked before the one that waits, for that one may be the wrong index.
        for before in (anchor, candidate):
            flow = before.flow(mark) if before is not None else None
            if before is None or flow is None:
                continue
            if before.bears_out(*flow):
                # After so few VAh the Wh of one VAh are not known.
                slope = flow if flow[1] > _ROOM else before.slope
                mark, bearer = mark._replace(slope=slope, times=before.times + 1), before
                break
            mark = mark._replace(slope=flow, times=1)
        # An index that the power rules out has to insist: two slips of a register that stands may be alike. So has
        # one after the label was taken for gone while the power was unknown: no bound of the cut-off device holds.
        compared = anchor is not None and anchor.era == mark.era
        ruled_out = anchor is None or anchor.flow(mark) is None
        if mark.times < (FIRM if ruled_out and (compared or not believed) else 2):
            self._candidate = mark
            return False, False
        wrong = False
        if candidate is not None and anchor is not None and bearer is anchor:
            later = candidate.flow(mark)
            wrong = later is None or not candidate._replace(slope=anchor.slope).bears_out(*later)
        self._anchor, self._candidate = mark._replace(times=1), None
        return True, wrong


class Flow:
    """The VAh that flowed while each index counted, by the powers that were believed."""

    def __init__(self) -> None:
        #: Label of a power → its VA, and when it was last believed.
        self._powers: dict[str, tuple[int, float]] = {}
        #: Label of an index → VAh that flowed while it counted, and in how many frames the power was unknown.
        self._vah: dict[str, float] = {}
        self._eras: dict[str, int] = {}

    def hear(self, power: str, va: int, now: float) -> None:
        """Remember that the label *power* was believed to have so many VA at *now*."""
        self._powers[power] = va, now

    def count(self, power: str, index: str, seconds: float, now: float) -> None:
        """Add what flowed as *power* in the *seconds* up to *now* to what *index* counted."""
        va, heard_at = self._powers.get(power, (0, -math.inf))
        if now - heard_at > STALE:
            self._eras[index] = self._eras.get(index, 0) + 1
        else:
            self._vah[index] = self._vah.get(index, 0.0) + va * seconds / 3600

    def of(self, index: str) -> tuple[int, float]:
        """Return the era of the index *index*, and the VAh that it has counted up to now."""
        return self._eras.get(index, 0), self._vah.get(index, 0.0)
