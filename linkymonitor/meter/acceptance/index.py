"""The rule of an index: a table of states, and a comparison with the power for an index that is heard seldom."""

# Strategy
#
# - An index never falls, and never goes faster than the cut-off device lets energy through. While frames follow each
#   other, the next index can be only a few Wh higher. After a silence of hours nearly any index is possible. A single
#   index then proves nothing, and the next index has to bear it out.
# - State lists what can be known of an index, and Event how a new index can stand to that. TRANSITIONS has the action
#   and the next state for each pair of the two; docs/acceptance.md shows TRANSITIONS as a diagram.
# - An index whose line is damaged in nearly all frames has no neighbour to bear it out. The power is heard meanwhile,
#   so the index is compared with the VAh that flowed (docs/adr/0019).
#
# Three indexes have names here. The believed index is the one that is passed on. The newest index is the last index
# that was kept, believed or not. The new index is that of the present frame: each action but hold() keeps it.

import math
from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from linkymonitor.meter.acceptance.judge import CROSS, FIRM, GAP, INDEX, STALE, Judge, Moment
from linkymonitor.model.epochs import QUEUED, advance, lead, most
from linkymonitor.tic.frame import InfoGroup
from linkymonitor.tic.labels import Label

#: Two indexes that differ by at most so many Wh are taken for the same index.
_SAME = 1
#: Wh by which an index that is heard seldom may differ from the index that the power predicts. Two digits that change
#: places make a difference of at least 9 Wh.
_ROOM = 8
#: The most Wh that the meter may count for one VAh.
_MOST_SHARE = 1.1
#: By how much the Wh that the meter counts for one VAh may change from one interval to the next.
_SHARE_CHANGE = 0.05


class State(StrEnum):
    """What is known of an index."""

    UNKNOWN = "no index was heard"
    HEARD = "one index was heard, and no other bears it out"
    PAIRED = "two indexes were heard, the second possible after the first; a third decides"
    ASSUMED = "an index is believed at once, because perhaps no second frame ever comes"
    SURE = "an index is believed that another index bears out"
    CANDIDATE = "an index is believed; the newest came after a silence, and waits for another"
    SECONDED = "an index is believed; the newest came after a silence, and fits one of the last 30 s; the next decides"


class Event(StrEnum):
    """How a new index stands to what is known."""

    SAME = "at most 1 Wh above the newest index, within 30 s"
    FOLLOWS = "possible after the newest index, within 10 s"
    PAUSED = "possible after the newest index, after 10 to 30 s"
    LATE = "possible after the newest index, after more than 30 s"
    STRAYS = "contradicts a newest index that nothing has confirmed; or is the first index"
    ALONE = "possible, and perhaps no second frame ever comes"
    EXPECTED = "equals an index over 30 s old plus the energy that the power says flowed since"
    IMPOSSIBLE = "contradicts the believed index, or the rest of its frame"
    INSISTS = "the fifth impossible index in a row, each of them possible after the one before"


#: The states in which a silence lies between the believed index and the newest.
_AFTER_SILENCE = (State.CANDIDATE, State.SECONDED)
#: The states in which a new index is compared with the believed index only, not with the newest.
_COUNTING = (State.ASSUMED, State.SURE)


class Hearing(NamedTuple):
    """An index as it was heard."""

    wh: int
    #: Monotonic seconds.
    at: float
    group: InfoGroup


_Act: TypeAlias = Callable[["Index", Hearing, Moment, str], None]


class Index(Judge):
    """An energy: the median of the last three indexes, which never falls nor grows faster than energy can flow."""

    def __init__(self, row: Label) -> None:
        super().__init__()
        #: Whether the subscribed power limits the index, which is so for neither reactive nor injected energy.
        self._drawn = row.fills != "injected_index" and row.unit == "Wh"
        self._seldom = _Seldom()
        #: Whether the last index was compared with the power: it came more than STALE after the newest index of then,
        #: or while no index was believed.
        self._far = False
        self.forget()

    def forget(self) -> None:
        self.state = State.UNKNOWN
        self._believed: Hearing | None = None
        #: The last two indexes that were kept.
        self._older: Hearing | None = None
        self._newest: Hearing | None = None
        self.newer = None
        #: The last impossible index.
        self._odd: Hearing | None = None
        #: How many impossible indexes came in a row, each possible after the one before.
        self._odd_times = 0

    def doubt(self, group: InfoGroup, moment: Moment) -> InfoGroup | None:
        return self.take(group, moment, CROSS)

    def take(self, group: InfoGroup, moment: Moment, fault: str = "") -> InfoGroup | None:
        """Change the state by *group*; return the group that is believed now.

        Args:
            group: the new index.
            moment: its frame.
            fault: the cause, if the rest of the frame contradicts *group*; else empty.
        """
        heard = Hearing(int(group.data), moment.now, group)
        event = self._event(heard, moment, fault)
        act, self.state = TRANSITIONS[self.state, event]
        act(self, heard, moment, fault or INDEX)
        if self._believed is None:
            return None
        if moment.situation.lone and self._newest is heard:
            return group
        # To pass on no index is better than to pass on an old one: the next frame has a fresh index.
        sure = self._sure()
        return self._believed.group if sure is not None and moment.now - sure.at <= STALE else None

    def lose(self, moment: Moment) -> None:
        if self._newest is not None and not self._far:
            self._seldom.begin(self._newest.wh, *moment.flow.of(self._newest.group.label))

    def _sure(self) -> Hearing | None:
        """Return the newest index of before the silence, or the newest of all if no silence came."""
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
        """Return whether so many impossible indexes came in a row, *heard* the last, that the meter made a step."""
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
        """Return whether the power bears out *heard*; hold the newest index if the power speaks against the newest."""
        mark = _Mark(heard.wh, *moment.flow.of(heard.group.label), None)
        borne_out, waiting_was_wrong = self._seldom.bears_out(mark, believed=self._believed is not None)
        if waiting_was_wrong and self._newest is not None:
            moment.held.append((self._newest.group, INDEX))
        return borne_out

    # The actions of the table. Each of them but hold() makes *heard*, the new index, the newest. *cause* is why the new
    # index is held, if it is.

    def keep(self, heard: Hearing, moment: Moment, cause: str) -> None:
        """Keep the new index to compare the next with it."""
        self._newest, self.newer = heard, heard.group

    def discard(self, heard: Hearing, moment: Moment, cause: str) -> None:
        """Hold the newest index and keep the new index in its place."""
        if self.newer is not None:
            moment.held.append((self.newer, INDEX))
        self.keep(heard, moment, cause)

    def contradict(self, heard: Hearing, moment: Moment, cause: str) -> None:
        """Hold the new index, forget the believed index, and compare the next index with the new one.

        The new and the believed index contradict each other, and either may be wrong.
        """
        self._believed = None
        self.hold(heard, moment, cause)
        self.keep(heard, moment, cause)

    def hold(self, heard: Hearing, moment: Moment, cause: str) -> None:
        """Hold the new index."""
        moment.held.append((heard.group, cause))

    def confirm(self, heard: Hearing, moment: Moment, cause: str) -> None:
        """Believe the newest index and keep the new index in its place."""
        self._believed = self._older = self._newest
        self.keep(heard, moment, cause)

    def believe(self, heard: Hearing, moment: Moment, cause: str) -> None:
        """Believe the new index."""
        self._believed = self._older = heard
        self.keep(heard, moment, cause)

    def median(self, heard: Hearing, moment: Moment, cause: str) -> None:
        """Believe the median of the last three indexes, unless it is below the believed index."""
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
#: States, events, the action, and the state after it: each action follows from each of its states and events.
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
#: State and event → the action, and the state after it.
TRANSITIONS = {
    (state, event): (act, after)
    for states, events, act, after in _ROWS
    for state in states
    for event in events
}


class _Mark(NamedTuple):
    """An index that was heard, beside the VAh that had flowed by then."""

    wh: int
    #: A count of frames without the power. The VAh of two marks with different counts cannot be compared.
    era: int
    vah: float
    #: The Wh that the meter counted in the interval before this mark, and the VAh that flowed in the same interval;
    #: None when they are not known.
    slope: tuple[int, float] | None
    #: How many marks in a row bore each other out, this mark included.
    times: int = 1

    def flow(self, later: "_Mark") -> tuple[int, float] | None:
        """Return the Wh and VAh from this mark to *later*, None when they are impossible together, or not known."""
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
        #: The last index before a pause of more than STALE, or the last index that the power has borne out since.
        self._anchor: _Mark | None = None
        #: A later index, which waits for another index to bear it out.
        self._candidate: _Mark | None = None

    @property
    def known(self) -> bool:
        """Whether there is an index to compare with."""
        return self._anchor is not None

    def begin(self, wh: int, era: int, vah: float) -> None:
        """Make this index the one that later indexes are compared with."""
        self._anchor = _Mark(wh, era, vah, self._anchor.slope if self._anchor is not None else None)
        self._candidate = None

    def bears_out(self, mark: _Mark, *, believed: bool) -> tuple[bool, bool]:
        """Compare *mark* with the indexes before it.

        Args:
            mark: the new index.
            believed: whether any index is believed.

        Returns:
            Whether the power bears *mark* out; and whether *mark* then shows that the waiting index is wrong.
        """
        anchor, candidate, bearer = self._anchor, self._candidate, None
        # The anchor comes first, for the waiting index may be wrong.
        for before in (anchor, candidate):
            flow = before.flow(mark) if before is not None else None
            if before is None or flow is None:
                continue
            if before.bears_out(*flow):
                # So few VAh do not show how many Wh the meter counts for one VAh.
                slope = flow if flow[1] > _ROOM else before.slope
                mark, bearer = mark._replace(slope=slope, times=before.times + 1), before
                break
            mark = mark._replace(slope=flow, times=1)
        # Two marks that bear each other out are enough, but for two cases that take FIRM marks. In the first case the
        # power is known and rules *mark* out: while a register stands still, two slips of its digits may be alike.
        # In the second case the power was unknown for a while and no index is believed: nothing limits *mark* then.
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
        #: Label of an index → VAh that flowed while the index counted.
        self._vah: dict[str, float] = {}
        #: Label of an index → its era: in how many frames the power was unknown while the index counted.
        self._eras: dict[str, int] = {}

    def hear(self, power: str, va: int, now: float) -> None:
        """Remember that *va* was believed under the label *power* at the monotonic time *now*."""
        self._powers[power] = va, now

    def count(self, power: str, index: str, seconds: float, now: float) -> None:
        """Add the VAh that flowed as *power* in the *seconds* up to *now* to those of the index *index*."""
        va, heard_at = self._powers.get(power, (0, -math.inf))
        if now - heard_at > STALE:
            self._eras[index] = self._eras.get(index, 0) + 1
        else:
            self._vah[index] = self._vah.get(index, 0.0) + va * seconds / 3600

    def of(self, index: str) -> tuple[int, float]:
        """Return the era of the index *index*, and the VAh that flowed so far while it counted."""
        return self._eras.get(index, 0), self._vah.get(index, 0.0)
