"""Asks of each frame what a right checksum does not prove: domain, agreement and time.

``Acceptance(mode).accept(frame, now)`` returns the part of a frame that is believed, and what was held back and why.
This module sees frames as a whole; agreement.py judges their groups one by one.
"""

# Strategy
#
# - A checksum of six bits, exact widths and characters still let wrong values through: a few in a million
#   damaged lines, and every well-formed lie. Here each group of a complete frame is asked three things more:
#   is its value possible at all (domain), does it fit the rest of its frame (cross-checks), and does time
#   bear it out (agreement). What fails is held back with its cause; nothing is corrected.
# - Time decides, and each kind of value has its way of agreeing:
#     powers, currents, voltages   the median of the last three: a wrong one is outvoted, a true step is seen
#                                  one frame late, an inrush of a single frame not at all
#     STGE                         the same, bit by bit
#     indexes                      the same, and within what the cut-off device lets through since the last:
#                                  so what is committed is one frame late. A fall or a jump is held; after
#                                  FIRM frames in a row that agree with each other it is a step (an epoch)
#     what has its own horodate    what two of the last three say
#     periods, colours, notices    two frames in a row that say the same
#     subscription, version        FIRM frames in a row that say the same
#     ADPS, ADIRn                  two frames in a row that have them, each equal to its current
#     the end of these and of PEJP SILENT whole frames in a row without
#     DATE                         as far from the last one as the clock says, else two that agree
#   The median is always between what the two good ones of three say, so no single wrong value gets outside
#   its true neighbours. None of this looks at parity: without it every value needs two frames all the same.
# - A frame that names another meter or contract is refused whole, for all in it may be about that other one;
#   the FIRM-th in a row is believed and everything starts anew (an epoch). A frame whose groups are out of
#   order or double is refused whole too: it is two frames that lost what was between them.
# - At the start nothing is known. A live meter is sure to say more: nothing of its first frame is believed, nor of
#   any other before it is borne out; of indexes, the middle one of the first three (docs/adr/0018). A file may have
#   a single frame: there the first counts if it is sound in itself. It is believed until the second disagrees;
#   then what they disagree about is not said until two agree, but for a power or a current, which two others
#   have to outvote.
# - What a silence of GAP seconds may have changed is not said either until a second frame bears it out. Nearly any
#   index is possible then, so the first is only a candidate: the second, which knows it to some Wh, bears it out
#   or takes its place (docs/adr/0019). Where frames always come alone, in a rehearsal with one a minute or a file
#   of a few, there is none to wait for, and a frame without a damaged group is taken as it comes.
# - An index may also be missing for long while other groups come: then it is compared with what the powers that were
#   heard meanwhile make of the one before it (docs/adr/0019).
# - What is held is replaced by what was last believed where frames have to agree (period, contract, indexes,
#   for STALE seconds at most), else it is taken out: a power that is held is not said. A group that is taken
#   out, or that should be there and is not, goes to ``rejected`` of the frame that is passed on: silence has a
#   meaning for interpret (no PEJP: no notice; no PAPP: an old meter), and this was no silence.
# - A rule that a meter breaks FIRM times in a row is wrong about that meter and is dropped; but for the
#   domains, and for the powers of single phases that some Linky get wrong for ever.
# - Free text drives nothing: it is only asked to be said twice, and MSG2 (sent once) not even that.
# - Nine groups in ten are the very objects of the frame before, for the decoder remembers them: groups are
#   compared by identity, and only what changed, or waits for agreement, is looked at. What is plain takes a
#   short way (Judge.plain, Acceptance._plainly_fits) that comes to the same: this runs for each frame, for ever.

import math
from collections.abc import Mapping, Sequence
from itertools import compress
from operator import is_not
from typing import NamedTuple

from linkymonitor.meter.acceptance.agreement import (
    ADIR,
    CONTRACT,
    COUNTING,
    EASF,
    ENERGY,
    FIRM,
    GAP,
    IINST,
    IRMS,
    LARGEST,
    METER,
    METERS,
    MISSING,
    NAME,
    NAMES,
    ORDER,
    PERIOD,
    POWER,
    REGISTER_OF,
    SILENT,
    SINSTS,
    STALE,
    URMS,
    WAITING,
    Agreed,
    Index,
    Judge,
    Median,
    Moment,
    judge_of,
    lead,
)
from linkymonitor.model.terms import PERIODS, Mode
from linkymonitor.tic.encoder import write_group
from linkymonitor.tic.frame import Frame, InfoGroup, Rejected
from linkymonitor.tic.labels import BY_MODE, Gaps
from linkymonitor.tic.values import normalise

#: Volts for a current that comes without: what the mains may be, with a margin.
_LEAST_VOLTS, _MOST_VOLTS = 186, 264
#: What rounding adds to a power, in VA; how far it may be from volts times amperes.
_ROUNDING, _SHARE = 10, 0.05
#: Wh by which the registers may be behind their total.
_SKEW = 3
#: Seconds for which a register may still count after its period: some meters may complete a Wh late.
_TAIL = 60.0

_PHASES = tuple(zip(URMS, IRMS, SINSTS, strict=True))
#: With one of these there is more to compare than a current and a power.
_NOT_SINGLE = frozenset({"SINSTI", "ADPS", *IINST, *ADIR, *SINSTS, *IRMS[1:], *URMS[1:]})
_CURRENT_OF = {"ADPS": "IINST", **dict(zip(ADIR, IINST, strict=True))}
#: What appears and disappears, and matters.
_ALERTS = frozenset({"PEJP", "ADPS", *ADIR})
#: NOI-CPT_02E §2.5.2: a short frame holds nothing else.
_SHORT = frozenset({"ADCO", *ADIR, *IINST})
#: Some programs that relay a stream put it first.
_ANYWHERE = frozenset({"MOTDETAT"})
#: Labels that no specification has and that are remembered: noise makes new ones without end.
_MOST_UNKNOWN = 32
_PERIODS_OF = {"BASE": PERIODS["BASE"], "HC..": PERIODS["HC"]}
_REGISTERS = frozenset(REGISTER_OF.values())
#: Powers, and the total that counts each; what is drawn is counted by the register in force too.
_COUNTED_BY = {
    Mode.HISTORIQUE: (("PAPP", ""),),
    Mode.STANDARD: (("SINSTS", "EAST"), ("SINSTI", "EAIT")),
}
#: What interpret reads, and may take silence for an answer about.
_EXPECTED = {mode: frozenset(row.name for row in BY_MODE[mode].values() if row.fills) for mode in Mode}


class Held(NamedTuple):
    """One group that was held back."""

    #: As on the wire, from its label to its check character, without parity.
    raw: bytes
    label: str
    data: str
    #: One of ``domain``, ``order``, ``meter``, ``contract``, ``cross``, ``index``, ``unconfirmed``.
    cause: str


class Accepted(NamedTuple):
    """What is believed of one frame."""

    #: The groups that are believed. A frame that is refused whole has none, and is not complete.
    frame: Frame
    #: What is found wrong with this frame, or only now with one before; nothing of a frame that is refused because of
    #: a name in the one before.
    held: tuple[Held, ...] = ()


_new_tuple = tuple.__new__


class Acceptance:
    """Decides what to believe of the frames of one meter.

    Args:
        mode: the dialect; another mode needs another Acceptance.
        live: whether a second frame is sure to come, so that nothing of the first is believed at once.
    """

    def __init__(self, mode: Mode, *, live: bool = False) -> None:
        self.mode = mode
        self._rank = {label: rank for rank, label in enumerate(BY_MODE[mode])}
        for label in ADIR:
            self._rank[label] = -1  # NOI-CPT_02E table 5: in a short frame they come first
        #: The order of the labels of this meter, if it is not that of the specification; and one that may be.
        self._own_order: tuple[str, ...] = ()
        self._odd_order: tuple[str, ...] = ()
        self._odd_times = 0
        self._moment = Moment()
        #: Frames in a row that came alone, GAP seconds after another; a stream is of that kind until two come closer.
        self._lone = 0 if live else FIRM
        self._moment.live = live
        self._reset()

    def _reset(self) -> None:
        """Forget the meter."""
        self._moment.set_rating(LARGEST)
        self._judge_of: dict[str, Judge] = {}
        # The last frame, place by place: as received, who judges, what was believed.
        self._last: tuple[InfoGroup, ...] = ()
        self._labels: list[str] = []
        self._judges: list[Judge] = []
        self._families: list[int] = []
        self._believed: list[InfoGroup | None] = []
        self._places = range(0)
        self._place_of: dict[str, int] = {}
        self._unsettled: list[int] = []
        #: Whether a group of the last frame did not fit the rest of it.
        self._doubted = False
        #: What is expected and not there, and for how many frames it has been just that.
        self._missing: tuple[Rejected, ...] = ()
        self._gone: list[str] = []
        self._gone_for = 0
        #: What to answer when a frame is the same as the last.
        self._same: Accepted | None = None
        self._started = self._whole = False
        self._at = 0.0
        #: What names another meter or contract: its data, and how many frames in a row that had it said so.
        self._strangers: dict[str, tuple[str, int]] = {}
        self._strange_at = -math.inf
        #: The places of the one current, its voltage (-1: not sent) and the one power, where that is all there is.
        self._triple: tuple[int, int, int] | None = None
        self._in_force: _InForce = _InForce()
        #: EAST less the supplier's registers: in the last frame, None when one is not there, and as it should be.
        self._difference: int | None = None
        self._usual: int | None = None
        #: The powers that were last believed, by label: VA, and when.
        self._powers: dict[str, tuple[int, float]] = {}
        self._moment.apparent.clear()
        self._moment.eras.clear()

    def accept(self, frame: Frame, now: float) -> Accepted:
        """Return what is believed of *frame*.

        Args:
            frame: a complete one, as decoded; of one that is not, nothing is believed.
            now: monotonic seconds.
        """
        groups, rejected, complete, _ = frame
        if not complete:
            return Accepted(frame._replace(groups=()))
        last = self._last
        if len(groups) == len(last) and now - self._at <= GAP and not self._missing:
            changed = list(compress(self._places, map(is_not, groups, last)))
            if not changed and self._same is not None and not rejected:
                self._flow(now)
                self._at = now
                self._lone = 0
                return self._same
            labels = self._labels
            families_of = self._families
            families = 0
            for place in changed:
                if groups[place][0] != labels[place]:
                    break
                families |= families_of[place]
            else:
                if not families & NAME:
                    return self._follow(frame, changed, families, now)
        return self._begin(frame, now)

    def interrupt(self, now: float) -> None:
        """Take note that what was sent before the monotonic time *now* is lost, as if the meter had been silent."""
        self._at = min(self._at, now - GAP)

    # --- A frame like the one before ---

    def _follow(self, frame: Frame, changed: list[int], families: int, now: float) -> Accepted:
        """Judge a frame with the labels of the last one, of which only those *changed*, of *families*, differ."""
        groups, moment, unsettled = frame[0], self._moment, self._unsettled
        self._flow(now)
        moment.now = now
        moment.before = self._at
        self._lone = 0
        places = changed
        if unsettled and unsettled != changed:
            places = changed + [place for place in unsettled if place not in changed]
        if families & (ENERGY | COUNTING) and self._difference is not None and self._count(groups, changed):
            families |= ENERGY
        self._at = now
        self._last = groups
        doubtful: set[str] | None = None
        if self._doubted:
            judges = self._judges
            waiting = [place for place in places if place not in changed and judges[place].doubts]
            for place in waiting:
                families |= judges[place].family
            doubtful = self._doubts(groups, changed + waiting, families)
        elif families & (ENERGY | PERIOD) or (families & POWER and not self._plainly_fits(groups)):
            doubtful = self._doubts(groups, changed, families)
        return self._judge(frame, places, doubtful)

    def _count(self, groups: Sequence[InfoGroup], changed: list[int]) -> bool:
        """Follow the total and the registers; return whether they do not agree."""
        families, last, more = self._families, self._last, 0
        for place in changed:
            if families[place] & (ENERGY | COUNTING):
                wh = int(groups[place][1]) - int(last[place][1])
                more += wh if self._labels[place] == "EAST" else -wh
        self._difference = difference = lead((self._difference or 0) + more, 0)
        if -_SKEW <= difference <= _SKEW:
            self._usual = 0
            return False
        return True

    def _plainly_fits(self, groups: Sequence[InfoGroup]) -> bool:
        """Return whether the one power fits the one current of the same frame: mostly it does."""
        triple = self._triple
        if triple is None:
            return False
        amps_at, volts_at, power_at = triple
        amps, power = int(groups[amps_at][1]), int(groups[power_at][1])
        if volts_at < 0:
            return (amps - 1) * _LEAST_VOLTS <= power <= (amps + 1) * _MOST_VOLTS
        volts = int(groups[volts_at][1])
        return (amps - 1) * volts <= power <= (amps + 1) * volts

    def _judge(self, frame: Frame, places: Sequence[int], doubtful: set[str] | None) -> Accepted:
        """Judge the groups of *frame* at *places*; what is believed of the others stands."""
        judges, believed, moment = self._judges, self._believed, self._moment
        groups, rejected, _, parity = frame
        unsettled: list[int] = []
        hidden: list[int] = []
        for place in places:
            judge = judges[place]
            group = groups[place]
            if doubtful and group.label in doubtful and judge.sound(group):
                belief = judge.doubt(group, moment)
            else:
                belief = judge.weigh(group, moment)
            believed[place] = belief
            if belief is None:
                hidden.append(place)
            if not judge.settled:
                unsettled.append(place)
        self._unsettled = unsettled
        self._doubted = bool(doubtful)
        if moment.rating_changed:
            self._rate()
        held: tuple[Held, ...] = ()
        if moment.held:
            held = tuple(self._held(*one) for one in moment.held)
            moment.held.clear()
        if hidden or self._missing:
            rejected += self._missing + tuple(Rejected(self._raw(groups[place]), WAITING) for place in hidden)
            kept = tuple(filter(None, believed))
        else:
            kept = tuple(believed)  # type: ignore[arg-type]
        # What Accepted() and Frame() come down to.
        accepted = _new_tuple(Accepted, (_new_tuple(Frame, (kept, rejected, True, parity)), held))
        self._same = None if unsettled or rejected or held else accepted
        return accepted

    # --- Any other frame ---

    def _begin(self, frame: Frame, now: float) -> Accepted:
        """Judge a frame of which nothing is known yet."""
        groups = frame.groups
        if (fault := self._out_of_order(groups)) and not self._is_its_own_order(frame):
            return self._refuse(frame, [fault], ORDER)
        strange = self._strange(groups)
        labels = {group.label for group in groups}
        if strange:
            cause = METER if any(group.label in METERS for group in strange) else CONTRACT
            if not self._insists(strange, now):
                return self._refuse(frame, strange, cause)
            self._reset()
        elif self._at < self._strange_at >= now - GAP and any(
            count > 1 and label not in labels for label, (_, count) in self._strangers.items()
        ):
            # Another meter was named twice in a row; this frame has lost its name, and may be of either. A name that
            # came once is more likely a damaged one.
            return self._refuse(frame, [], METER)
        moment = self._moment
        moment.gap = gap = self._started and now - self._at > GAP
        self._lone = self._lone + 1 if gap else 0 if self._started else self._lone
        moment.paced = self._lone >= FIRM
        # A live meter that is slow is waited for, as long as what it said before is not too old to compare.
        moment.sparse = moment.paced and not (moment.live and now - self._at <= STALE)
        lone = gap and moment.sparse and not frame.rejected
        moment.at_once = lone or not (moment.live or self._started)
        moment.now, moment.before = now, self._at if self._started else now
        place_of = {group.label: place for place, group in enumerate(groups)}
        short = self.mode is Mode.HISTORIQUE and (place_of.keys() & self._rank.keys()) <= _SHORT
        first = not (short or self._whole)
        if first:
            # Reading may have begun during an overload: this is the first frame that says it all.
            self._whole = True
            moment.at_once = moment.at_once or not moment.live
        self._miss(frame, place_of, short)
        self._flow(now)
        if first and moment.live and self._started:
            # Beside the labels of the short frames it would look as if the meter did not send the others.
            self._missing += (Rejected(b"", MISSING),)
        if len(self._judge_of) > len(self._rank) + _MOST_UNKNOWN:
            # Of what no specification has, this frame has what the meter sends; noise has made the rest.
            kept = self._rank.keys() | place_of.keys()
            self._judge_of = {label: judge for label, judge in self._judge_of.items() if label in kept}
        for group in groups:
            judge = self._judge_of.get(group.label)
            if judge is None:
                self._judge_of[group.label] = judge_of(group.label, self.mode)
            elif now - (self._at if judge.lost_at is None else judge.lost_at) > STALE:
                judge.forget_old()
            if judge is not None and (gap or moment.at_once):
                judge.plain = False
        self._at, self._started = now, True
        self._last, self._place_of, self._places = groups, place_of, range(len(groups))
        self._labels = list(place_of)
        self._judges = [self._judge_of[label] for label in self._labels]
        self._believed = [None] * len(groups)
        self._triple = self._triple_of(place_of)
        self._difference = None
        if "EAST" in place_of and place_of.keys() >= EASF:
            registers = sum(int(groups[place_of[label]].data) for label in EASF)
            self._difference = lead(int(groups[place_of["EAST"]].data), registers)
        doubtful = self._doubts(groups, self._places, POWER | PERIOD | ENERGY)
        accepted = self._judge(frame, self._places, doubtful)
        for judge in self._judges:
            judge.lost_at = None
            judge.absent = 0
        moment.at_once = moment.gap = moment.paced = moment.sparse = False
        return accepted

    def _out_of_order(self, groups: Sequence[InfoGroup]) -> InfoGroup | None:
        """Return the first group that comes twice or in the wrong place, if any."""
        highest = -2
        seen = set()
        for group in groups:
            label = group.label
            if label in seen:
                return group
            seen.add(label)
            rank = self._rank.get(label)
            if rank is None or label in _ANYWHERE:
                continue
            if rank < highest:
                return group
            highest = rank
        return None

    def _is_its_own_order(self, frame: Frame) -> bool:
        """Return whether *frame*, whose labels are not in the order of the specification, is whole all the same.

        Noise does not repeat itself: an order that is seen FIRM times in a row is this meter's, or that of
        whatever relays it. So is that of a first frame in which nothing is damaged, for want of another.
        """
        labels = tuple(group.label for group in frame.groups)
        if len(set(labels)) < len(labels):
            return False
        if labels == self._own_order:
            return True
        self._odd_times = self._odd_times + 1 if labels == self._odd_order else 1
        self._odd_order = labels
        if self._odd_times < FIRM and (self._started or frame.rejected):
            return False
        self._own_order = labels
        return True

    def _strange(self, groups: Sequence[InfoGroup]) -> list[InfoGroup]:
        """Return the groups that name another meter or contract than the one that is known."""
        strange = []
        for group in groups:
            if group.label in NAMES:
                judge = self._judge_of.get(group.label)
                known = judge.accepted if isinstance(judge, Agreed) else None
                # What relays a stream may trim texts: that is no other contract.
                if known is not None and normalise(group.data) != normalise(known.data):
                    strange.append(group)
                else:
                    self._strangers.pop(group.label, None)
        return strange

    def _insists(self, strange: Sequence[InfoGroup], now: float) -> bool:
        """Return whether the same strange names have now come often enough to be believed."""
        if self._at > self._strange_at:
            # A frame in between was like the one before it, and what it named is what is known.
            for label in self._place_of:
                self._strangers.pop(label, None)
        self._strange_at = now
        firm = True
        for group in strange:
            data, count = self._strangers.get(group.label, ("", 0))
            count = count + 1 if data == group.data else 1
            self._strangers[group.label] = group.data, count
            # What only one frame has said so far needs no more than two others to be taken back.
            judge = self._judge_of[group.label]
            firm &= count >= (FIRM if isinstance(judge, Agreed) and judge.confirmed else 2)
        return firm

    def _refuse(self, frame: Frame, groups: Sequence[InfoGroup], cause: str) -> Accepted:
        held = tuple(self._held(group, cause) for group in groups)
        return Accepted(frame._replace(groups=(), complete=False), held)

    def _miss(self, frame: Frame, place_of: Mapping[str, int], short: bool) -> None:
        """Take note of the labels that are known and not in *frame*, and of those that left no trace."""
        expected = _EXPECTED[self.mode]
        absent: list[Judge] = []
        gone: list[str] = []
        alerts: list[str] = []
        for label, judge in self._judge_of.items():
            if label in place_of:
                continue
            if judge.lost_at is None:
                judge.lost_at = self._at
                judge.plain = False
                judge.lose(label, self._moment)
            # Short and long frames say nothing about each other's labels.
            if label not in _SHORT if short else label in ADIR:
                continue
            absent.append(judge)
            if label in expected and judge.known:
                (alerts if label in _ALERTS else gone).append(label)
        # A damaged group may be this one, and where one line was lost without a trace another may have been.
        silent = not frame.rejected and not gone
        if silent:
            for judge in absent:
                judge.skip()
        gaps = None
        if alerts and frame.rejected and not gone:
            gaps = Gaps(tuple(place_of), (rejected.after for rejected in frame.rejected), self.mode)
        for label in alerts:
            judge = self._judge_of[label]
            # What is damaged elsewhere in the frame is not this one, however many frames it is in.
            judge.absent += silent or (gaps is not None and not gaps.may_hide(label))
            if judge.absent < SILENT and not (silent and self._moment.at_once):
                gone.append(label)
            else:
                judge.forget()
        # What a meter sends always it may yet cease to send: then the same is gone from each frame.
        if frame.rejected or gone != self._gone:
            self._gone, self._gone_for = gone, 0
        self._gone_for += 1
        if gone and self._gone_for >= FIRM:
            for label in gone:
                self._judge_of[label].forget()
            gone = []
        self._missing = tuple(Rejected(label.encode() + self.mode.separator, MISSING) for label in gone)
        if self._moment.at_once and frame.rejected:
            # Any group may have gone with those that are damaged, and nothing tells yet what should be there.
            self._missing += (Rejected(b"", MISSING),)

    # --- Cross-checks ---

    def _doubts(self, groups: Sequence[InfoGroup], places: Sequence[int], families: int) -> set[str]:
        """Return the labels at *places* whose groups do not fit the rest of the frame."""
        doubtful: set[str] = set()
        if families & POWER:
            self._check_power(groups, places, doubtful)
        if families & PERIOD:
            self._check_period(groups, doubtful)
            self._sort()
        if families & (ENERGY | COUNTING):
            self._check_energy(groups, places, doubtful)
        return doubtful

    def _check_power(self, groups: Sequence[InfoGroup], places: Sequence[int], doubtful: set[str]) -> None:
        spans = (
            self._historique_spans(groups) if self.mode is Mode.HISTORIQUE else self._standard_spans(groups)
        )
        for place in places:
            judge, group = self._judges[place], groups[place]
            if judge.family != POWER:
                continue
            label = group.label
            if label in _CURRENT_OF:
                current = self._place_of.get(_CURRENT_OF[label])
                if current is not None and abs(int(groups[current].data) - int(group.data)) > 1:
                    doubtful.add(label)
            elif label in spans and isinstance(judge, Median):
                least, most, others = spans[label]
                # Power and current are not taken at the same instant: it may have been ahead by a frame.
                if judge.suspect is not None and least <= int(judge.suspect.data) <= most:
                    judge.suspect = None
                power = int(group.data)
                # Zero says nothing: the house injects.
                if power and not least <= power <= most:
                    self._suspect(groups, doubtful, label, *others)

    def _triple_of(self, place_of: Mapping[str, int]) -> tuple[int, int, int] | None:
        """Return the places of current, voltage and power where one of each is sent and nothing else to compare."""
        if place_of.keys() & _NOT_SINGLE:
            return None
        labels = ("IINST", "", "PAPP") if self.mode is Mode.HISTORIQUE else (IRMS[0], URMS[0], "SINSTS")
        if self.mode is Mode.STANDARD and self._judge_of.keys() & _NOT_SINGLE:
            return None
        if not place_of.keys() >= set(filter(None, labels)):
            return None
        amps, volts, power = (place_of.get(label, -1) for label in labels)
        return amps, volts, power

    def _suspect(self, groups: Sequence[InfoGroup], doubtful: set[str], *labels: str) -> None:
        """Doubt those of *labels* that are not what they were: the others have been agreed on."""
        for label in labels:
            place = self._place_of.get(label)
            judge = self._judge_of.get(label)
            if place is not None and isinstance(judge, Median) and judge.newer != groups[place]:
                doubtful.add(label)

    def _span(self, groups: Sequence[InfoGroup], label: str) -> tuple[int, int] | None:
        """Return the least and the most that the current *label* is, in this frame and the one before."""
        place = self._place_of.get(label)
        if place is None:
            return None
        judge = self._judges[place]
        now = int(groups[place].data)
        before = int(judge.newer.data) if isinstance(judge, Median) and judge.newer is not None else now
        return min(now, before) - 1, max(now, before) + 1

    def _historique_spans(
        self, groups: Sequence[InfoGroup]
    ) -> dict[str, tuple[float, float, tuple[str, ...]]]:
        if "IINST" in self._place_of:
            span = self._span(groups, "IINST")
            if span is None:
                return {}
            return {"PAPP": (span[0] * _LEAST_VOLTS, span[1] * _MOST_VOLTS + _ROUNDING, ("IINST",))}
        spans = [self._span(groups, label) for label in IINST]
        if None in spans:
            return {}
        # Phases may work against each other, so there is only a highest sum.
        most = sum(span[1] for span in spans if span) * _MOST_VOLTS + _ROUNDING
        return {"PAPP": (0, most, IINST)}

    def _standard_spans(self, groups: Sequence[InfoGroup]) -> dict[str, tuple[float, float, tuple[str, ...]]]:
        found: dict[str, tuple[float, float, tuple[str, ...]]] = {}
        total = 0.0
        for volts_label, amps_label, power_label in _PHASES:
            span = self._span(groups, amps_label)
            if span is None or volts_label not in self._place_of:
                continue
            volts = int(groups[self._place_of[volts_label]].data)
            most = span[1] * volts * (1 + _SHARE) + _ROUNDING
            found[power_label] = (span[0] * volts * (1 - _SHARE), most, ())
            total += most
        if self._judge_of.keys() & {IRMS[1], IRMS[2], URMS[1], URMS[2]}:
            if len(found) == len(_PHASES):
                found["SINSTS"] = (0, total, (*IRMS, *URMS))
        elif SINSTS[0] in found:
            least, most, _ = found[SINSTS[0]]
            found["SINSTS"] = found["SINSTI"] = (least, most, (IRMS[0], URMS[0]))
        return found

    def _check_period(self, groups: Sequence[InfoGroup], doubtful: set[str]) -> None:
        place_of = self._place_of
        if self.mode is Mode.HISTORIQUE:
            if "PTEC" not in place_of:
                return
            period = groups[place_of["PTEC"]].data
            self._in_force.turn(REGISTER_OF.get(period, ""), self._moment.now)
            if "OPTARIF" in place_of:
                option = groups[place_of["OPTARIF"]].data
                allowed = PERIODS["TEMPO"] if option.startswith("BBR") else _PERIODS_OF.get(option)
                if allowed is not None and period not in allowed:
                    doubtful.add("PTEC")
        elif "NTARF" in place_of:
            tariff = groups[place_of["NTARF"]].data
            self._in_force.turn(f"EASF{tariff}", self._moment.now)
            # At a change of period one of the two may be ahead by a frame.
            if "STGE" in place_of and int(groups[place_of["STGE"]].data, 16) >> 10 & 15 != int(tariff) - 1:
                doubtful.add("NTARF")

    def _sort(self) -> None:
        """Note which families the groups are of."""
        counting = {"EAST", self._in_force.label}
        self._families = [
            COUNTING if judge.family == ENERGY and label in counting else judge.family
            for label, judge in zip(self._labels, self._judges, strict=True)
        ]

    def _check_energy(self, groups: Sequence[InfoGroup], places: Sequence[int], doubtful: set[str]) -> None:
        judges, moment, in_force = self._judges, self._moment, self._in_force
        # Only the register in force counts; across a silence any may have been.
        if not (moment.at_once or moment.gap) and in_force.label in self._place_of:
            for place in places:
                judge, label = judges[place], groups[place].label
                if (
                    isinstance(judge, Index)
                    and (label in _REGISTERS or label in EASF)
                    and label != in_force.label
                    and judge.lost_at is None
                    and judge.newer is not None
                    and judge.newer.data != groups[place].data
                    and not in_force.may_count(label, moment.now)
                ):
                    doubtful.add(label)
        difference, usual = self._difference, self._usual
        if difference is None:
            return
        if -_SKEW <= difference <= _SKEW:
            self._usual = 0
        elif usual is None:
            self._usual = difference
        elif not -_SKEW <= lead(difference, usual) <= _SKEW:
            for label in ("EAST", *EASF):
                judge = self._judge_of[label]
                if isinstance(judge, Index) and judge.newer not in (None, groups[self._place_of[label]]):
                    doubtful.add(label)
                    if judge.doubts >= FIRM - 1:
                        self._usual = difference

    # --- Odds and ends ---

    def _flow(self, now: float) -> None:
        """Count the VAh that have flowed since the last frame, for the indexes that count them."""
        moment, seconds = self._moment, now - self._at
        for power, total in _COUNTED_BY[self.mode]:
            place = self._place_of.get(power)
            believed = None if place is None else self._believed[place]
            if believed is not None:
                self._powers[power] = int(believed.data), self._at
            va, heard_at = self._powers.get(power, (0, -math.inf))
            for label in (total, "" if total == "EAIT" else self._in_force.label):
                if now - heard_at > STALE:
                    moment.eras[label] = moment.eras.get(label, 0) + 1
                else:
                    moment.apparent[label] = moment.apparent.get(label, 0.0) + va * seconds / 3600

    def _rate(self) -> None:
        """Work out how fast the indexes may go, from what the meter says of its cut-off device."""
        self._moment.rating_changed = False
        powers = []
        for label, unit in (("PCOUP", 1000), ("PREF", 1000), ("ISOUSC", 200)):
            judge = self._judge_of.get(label)
            if isinstance(judge, Agreed) and judge.accepted is not None:
                phases = 3 if label == "ISOUSC" and IINST[0] in self._judge_of else 1
                powers.append(int(judge.accepted.data) * unit * phases)
        self._moment.set_rating(max(powers, default=LARGEST))

    def _raw(self, group: InfoGroup) -> bytes:
        return write_group(group, self.mode)[1:-1]

    def _held(self, group: InfoGroup, cause: str) -> Held:
        return Held(self._raw(group), group.label, group.data, cause)


class _InForce:
    """Which register the frames say is in force, and which was not long ago."""

    __slots__ = ("_left", "label")

    def __init__(self) -> None:
        #: The label of its index; empty when it has none.
        self.label = ""
        self._left: dict[str, float] = {}

    def turn(self, label: str, now: float) -> None:
        """Take note that a frame has the register *label* in force."""
        if label != self.label:
            self._left[self.label] = now
            self.label = label

    def may_count(self, label: str, now: float) -> bool:
        """Return whether the register *label* may just have counted."""
        left = self._left.get(label)
        return left is not None and now - left < _TAIL
