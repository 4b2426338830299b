"""Asks of each frame what a right checksum does not prove; docs/acceptance.md is the page to read first.

``Acceptance(mode).accept(frame, now)`` returns a Verdict: the groups that are believed, and the groups that are held
back, each with its cause. Nothing is corrected.
"""

# Strategy
#
# - Each group is asked three things. Is its value possible at all (domain: rules.py)? Does it fit the rest of its frame
#   (cross.py)? Do other frames bear it out (agreement: rules.py, index.py)? None of this looks at parity.
# - A frame whose groups are out of order is two frames run together: the end of the first and the start of the second
#   are lost. A frame that names another meter or contract may belong wholly to that meter or contract. Both kinds of
#   frames are refused whole, until FIRM of them come in a row.
# - A group that is held is replaced by the last believed group of its label where frames have to agree. Elsewhere the
#   label is left out.
# - The absence of a label has a meaning for interpret (no PEJP: no notice). So a label that is left out here, or lost
#   on the line, is named in ``rejected`` of the frame that is passed on.

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from linkymonitor.meter.acceptance.cross import CrossChecks
from linkymonitor.meter.acceptance.index import Flow
from linkymonitor.meter.acceptance.judge import (
    CONTRACT,
    DOMAIN,
    FIRM,
    GAP,
    METER,
    MISSING,
    ORDER,
    SILENT,
    STALE,
    WAITING,
    Judge,
    Moment,
    Situation,
)
from linkymonitor.meter.acceptance.rules import ADIR, IINST, METERS, NAMES, Agreed, judge_of
from linkymonitor.model.terms import Mode
from linkymonitor.tic.encoder import write_group
from linkymonitor.tic.frame import Frame, InfoGroup, Rejected
from linkymonitor.tic.labels import BY_MODE, Gaps
from linkymonitor.tic.values import normalise

#: The alerts, which appear and disappear.
_ALERTS = frozenset({"PEJP", "ADPS", *ADIR})
#: The labels of a short frame (NOI-CPT_02E §2.5.2).
_SHORT = frozenset({"ADCO", *ADIR, *IINST})
_LONG = BY_MODE[Mode.HISTORIQUE].keys() - _SHORT
#: Labels that have no place in the order: some programs that relay a stream put MOTDETAT first.
_ANYWHERE = frozenset({"MOTDETAT"})
#: Labels without a specification that are remembered: noise makes new ones without end.
_MOST_UNKNOWN = 32
#: Label of a power → label of the total that counts the power. The register in force counts drawn power as well.
_TOTAL_OF = {Mode.HISTORIQUE: {"PAPP": ""}, Mode.STANDARD: {"SINSTS": "EAST", "SINSTI": "EAIT"}}
#: Labels that fill a field of Reading. Their absence has a meaning there: without PEJP there is no notice of a peak.
_EXPECTED = {mode: frozenset(row.name for row in BY_MODE[mode].values() if row.fills) for mode in Mode}
#: Labels that give the subscribed power → VA of one unit.
_RATINGS = {Mode.HISTORIQUE: {"ISOUSC": 200}, Mode.STANDARD: {"PCOUP": 1000, "PREF": 1000}}


class Held(NamedTuple):
    """One group that was held back."""

    #: As on the wire, from its label to its check character, without parity.
    raw: bytes
    label: str
    data: str
    #: One of ``domain``, ``order``, ``meter``, ``contract``, ``cross``, ``index``, ``unconfirmed``.
    cause: str


class Verdict(NamedTuple):
    """What acceptance makes of one frame."""

    #: A frame of the believed groups; its ``rejected`` also names the groups that wait and the labels that are
    #: missing. There are no groups where the frame is refused, nor in the first frame of a live meter.
    frame: Frame
    #: The groups that are held back: of this frame, or of an earlier frame that this frame contradicts.
    held: tuple[Held, ...] = ()
    #: Why the frame is refused whole (``order``, ``meter`` or ``contract``); empty when it is accepted.
    refused: str = ""
    #: How many groups of the frame are not held, less the groups of earlier frames that are held only now: those were
    #: counted in their own frames. So the count can be lower than the number of groups that are passed on.
    passed: int = 0


class Acceptance:
    """Decides what to believe of the frames of one meter.

    Args:
        mode: the mode of the meter; another mode needs another Acceptance.
        live: whether a second frame is sure to come. No group of the first frame is then believed at once.
    """

    def __init__(self, mode: Mode, *, live: bool = False) -> None:
        self.mode = mode
        self._live = live
        self._order = _Order(mode)
        #: Frames in a row that came more than GAP after the frame before. The frames of a file are assumed to come
        #: alone, until two of them come within GAP.
        self._lone = 0 if live else FIRM
        self._forget_meter()

    def _forget_meter(self) -> None:
        self._judges: dict[str, Judge] = {}
        self._names = _Names()
        self._presence = _Presence(self.mode)
        self._cross = CrossChecks(self.mode)
        self._flow = Flow()
        #: When the last frame came that was not refused, in monotonic seconds.
        self._at: float | None = None
        #: Whether a long frame came: short ones lack most labels.
        self._whole = False

    def interrupt(self, now: float) -> None:
        """Note that what was sent before the monotonic time *now* is lost, as if the meter had been silent."""
        if self._at is not None:
            self._at = min(self._at, now - GAP)

    def accept(self, frame: Frame, now: float) -> Verdict:
        """Return what is believed of *frame*.

        Args:
            frame: a complete one, as decoded.
            now: monotonic seconds.
        """
        groups = {group.label: group for group in frame.groups}
        if fault := self._order.fault(frame, started=self._at is not None):
            return self._refuse(frame, ORDER, [fault])
        if strangers := self._names.strangers(groups, self._judges):
            if not self._names.insist(strangers, self._judges, now):
                return self._refuse(frame, _cause_of(group.label for group in strangers), strangers)
            self._forget_meter()
        elif lost := self._names.lost(groups, self._at, now):
            return self._refuse(frame, _cause_of(lost), [])
        short = self.mode is Mode.HISTORIQUE and groups.keys().isdisjoint(_LONG)
        first_long = not (short or self._whole)
        situation = self._situation(frame, first_long, now)
        subscribed = self._subscribed()
        moment = Moment(frame, groups, self._judges, now, self._at, situation, subscribed, self._flow, [])
        missing = self._presence.missing(moment, short=short)
        if first_long and self._live and self._at is not None:
            # The groups of this frame still wait, and only those of the short frames before are believed. An entry
            # without a label marks each absence as unknown, or interpret would take it for an answer.
            missing.append(Rejected(b"", MISSING))
        self._count_flow(now)
        self._find_judges(moment)
        believed = self._judge(moment)
        self._at, self._whole = now, self._whole or first_long
        waiting = [Rejected(self._raw(groups[one]), WAITING) for one in believed if believed[one] is None]
        held = tuple(self._held(group, cause) for group, cause in moment.held)
        rejected = (*frame.rejected, *missing, *waiting)
        kept = tuple(filter(None, believed.values()))
        return Verdict(Frame(kept, rejected, True, frame.parity), held, passed=len(groups) - len(held))

    def _situation(self, frame: Frame, first_long: bool, now: float) -> Situation:
        """Return how *frame* stands to the frames before it."""
        if self._at is None or (first_long and not self._live):
            return Situation.START if self._live else Situation.FIRST
        if now - self._at <= GAP:
            self._lone = 0
            return Situation.FOLLOWS
        self._lone += 1
        if self._lone < FIRM:
            return Situation.AFTER_SILENCE
        if self._live and now - self._at <= STALE:
            return Situation.SLOW
        return Situation.LONE_DAMAGED if frame.rejected else Situation.LONE

    def _subscribed(self) -> int | None:
        """Return the subscribed power in VA, which limits the indexes; None when the meter has not sent it."""
        powers = []
        for label, unit in _RATINGS[self.mode].items():
            judge = self._judges.get(label)
            if isinstance(judge, Agreed) and judge.accepted is not None:
                phases = 3 if label == "ISOUSC" and IINST[0] in self._judges else 1
                powers.append(int(judge.accepted.data) * unit * phases)
        return max(powers, default=None)

    def _count_flow(self, now: float) -> None:
        """Add the VAh that flowed since the last frame to each index that counts them."""
        if self._at is None:
            return
        for power, total in _TOTAL_OF[self.mode].items():
            self._flow.count(power, total, now - self._at, now)
            if power != "SINSTI":
                self._flow.count(power, self._cross.in_force, now - self._at, now)

    def _find_judges(self, moment: Moment) -> None:
        """Give each label its judge; tell the judge to forget groups that are too old for a comparison."""
        judges, now = self._judges, moment.now
        known = BY_MODE[self.mode].keys()
        if len(judges) > len(known) + _MOST_UNKNOWN:
            # The meter sends the unspecified labels that this frame has. Noise made the other unspecified labels.
            for label in judges.keys() - known - moment.groups.keys():
                del judges[label]
        stale = self._at is not None and now - self._at > STALE
        for label in moment.groups:
            judge = judges.get(label)
            if judge is None:
                judges[label] = judge_of(label, self.mode)
            elif stale or (judge.lost_at is not None and now - judge.lost_at > STALE):
                judge.forget_old()

    def _judge(self, moment: Moment) -> dict[str, InfoGroup | None]:
        """Return what is believed under each label of the frame."""
        doubtful = self._cross.doubtful(moment)
        believed: dict[str, InfoGroup | None] = {}
        for label, group in moment.groups.items():
            judge = self._judges[label]
            judge.lost_at, judge.absent = None, 0
            if group is not judge.newer and not judge.sound(group):
                moment.held.append((group, DOMAIN))
                believed[label] = None
            elif label in doubtful:
                judge.doubts += 1
                believed[label] = judge.doubt(group, moment)
            else:
                judge.doubts = 0
                believed[label] = judge.take(group, moment)
        for power in _TOTAL_OF[self.mode]:
            heard = believed.get(power)
            if heard is not None:
                self._flow.hear(power, int(heard.data), moment.now)
        return believed

    def _refuse(self, frame: Frame, cause: str, groups: Sequence[InfoGroup]) -> Verdict:
        return Verdict(frame._replace(groups=()), tuple(self._held(group, cause) for group in groups), cause)

    def _raw(self, group: InfoGroup) -> bytes:
        return write_group(group, self.mode)[1:-1]

    def _held(self, group: InfoGroup, cause: str) -> Held:
        return Held(self._raw(group), group.label, group.data, cause)


def _cause_of(labels: Iterable[str]) -> str:
    """Return the cause for which a frame is refused whose *labels* name another meter or contract."""
    return METER if any(label in METERS for label in labels) else CONTRACT


class _Order:
    """The order of the labels of a meter: the order of the specification, or one that this meter keeps instead."""

    def __init__(self, mode: Mode) -> None:
        self._rank = {label: rank for rank, label in enumerate(BY_MODE[mode]) if label not in _ANYWHERE}
        for label in ADIR:
            self._rank[label] = -1  # NOI-CPT_02E table 5: in a short frame the ADIR come first
        #: The labels of the last frame that was in order.
        self._good: tuple[str, ...] = ()
        #: The labels in the meter's own order, if that is not the order of the specification.
        self._own: tuple[str, ...] = ()
        #: The labels of the last frame that was out of order, and how many frames in a row had these labels.
        self._odd: tuple[str, ...] = ()
        self._odd_times = 0

    def fault(self, frame: Frame, *, started: bool) -> InfoGroup | None:
        """Return the first group that comes twice or in the wrong place, None if the order is the meter's.

        Noise does not repeat itself. So an order that FIRM frames in a row have is the order of this meter, or of the
        program that relays its stream. The order of a first frame is accepted at once if nothing in it is damaged.
        """
        labels = tuple(group.label for group in frame.groups)
        if labels in (self._good, self._own):
            return None
        fault = self._misplaced(frame.groups)
        if fault is None:
            self._good = labels
            return None
        if len(set(labels)) < len(labels):
            return fault
        self._odd_times = self._odd_times + 1 if labels == self._odd else 1
        self._odd = labels
        if self._odd_times < FIRM and (started or frame.rejected):
            return fault
        self._own = labels
        return None

    def _misplaced(self, groups: Sequence[InfoGroup]) -> InfoGroup | None:
        highest = -2
        seen = set()
        for group in groups:
            rank = self._rank.get(group.label, highest)
            if group.label in seen or rank < highest:
                return group
            seen.add(group.label)
            highest = rank
        return None


class _Names:
    """The names of other meters and contracts that frames gave."""

    def __init__(self) -> None:
        #: Label → the other name, and in how many frames in a row it came; frames without the label do not count.
        self._strangers: dict[str, tuple[str, int]] = {}
        #: When a frame last gave another name, in monotonic seconds.
        self._at = -math.inf

    def strangers(self, groups: Mapping[str, InfoGroup], judges: Mapping[str, Judge]) -> list[InfoGroup]:
        """Return those of *groups* that name a meter or a contract other than the known one."""
        found = []
        for label in NAMES:
            group, judge = groups.get(label), judges.get(label)
            if group is None:
                continue
            known = judge.accepted if isinstance(judge, Agreed) else None
            # A program that relays a stream may trim texts. A trimmed name is the same contract.
            if known is None or group is known or normalise(group.data) == normalise(known.data):
                self._strangers.pop(label, None)
            else:
                found.append(group)
        return found

    def insist(self, strangers: Sequence[InfoGroup], judges: Mapping[str, Judge], now: float) -> bool:
        """Return whether the names of *strangers* have now come often enough to be believed."""
        self._at = now
        firm = True
        for group in strangers:
            name, count = self._strangers.get(group.label, ("", 0))
            count = count + 1 if name == group.data else 1
            self._strangers[group.label] = group.data, count
            # If only one frame gave the known name, two frames with another name replace it.
            judge = judges[group.label]
            firm &= count >= (FIRM if isinstance(judge, Agreed) and judge.confirmed else 2)
        return firm

    def lost(self, groups: Mapping[str, InfoGroup], accepted_at: float | None, now: float) -> list[str]:
        """Return the labels that gave another name at least twice in a row, and that the frame of *groups* has lost.

        Such a frame may be of either meter. A name that came only once is more likely a damaged name.
        """
        if accepted_at is None or not accepted_at < self._at >= now - GAP:
            return []
        return [label for label, (_, count) in self._strangers.items() if count > 1 and label not in groups]


class _Presence:
    """Which labels a meter no longer sends, and which labels are only lost on the line."""

    def __init__(self, mode: Mode) -> None:
        self._mode = mode
        #: The expected labels that the last frame lacked without a trace, and how many frames in a row lacked these.
        self._gone: list[str] = []
        self._gone_for = 0

    def missing(self, moment: Moment, *, short: bool) -> list[Rejected]:
        """Return the expected labels that the frame lacks and that no damaged line explains; tell their judges.

        Args:
            moment: the frame, and the judges.
            short: whether the frame is a short one. Short frames prove nothing about the labels of long frames, nor
                long frames about those of short ones.
        """
        judges, damaged = moment.judges, moment.frame.rejected
        if moment.groups.keys() >= judges.keys() and not (damaged or self._gone):
            return []
        absent = {label: judge for label, judge in judges.items() if label not in moment.groups}
        for judge in absent.values():
            if judge.lost_at is None:
                judge.lost_at = moment.before
                judge.lose(moment)
        absent = {one: absent[one] for one in absent if (one in _SHORT if short else one not in ADIR)}
        expected = [one for one in absent if one in _EXPECTED[self._mode] and absent[one].newer is not None]
        gone = [label for label in expected if label not in _ALERTS]
        alerts = [label for label in expected if label in _ALERTS]
        # A damaged line may have had the absent label. Where one line was lost without a trace, others may be lost too.
        silent = not (damaged or gone)
        if silent:
            for judge in absent.values():
                judge.skip()
        gaps = None
        if alerts and damaged and not gone:
            gaps = Gaps(tuple(moment.groups), (rejected.after for rejected in damaged), self._mode)
        for label in alerts:
            judge = judges[label]
            # By the order of the labels, a damaged line elsewhere in the frame cannot have had this label.
            judge.absent += silent or (gaps is not None and not gaps.may_hide(label))
            if judge.absent >= SILENT or (silent and moment.situation.at_once):
                judge.forget()
            else:
                gone.append(label)
        # A meter may cease to send a label. Then each frame without damage lacks the same labels.
        if damaged or gone != self._gone:
            self._gone, self._gone_for = gone, 0
        self._gone_for += 1
        if self._gone_for >= FIRM:
            for label in gone:
                judges[label].forget()
            gone = []
        missing = [Rejected(label.encode() + self._mode.separator, MISSING) for label in gone]
        if moment.situation.at_once and damaged:
            # The damaged lines may have been any label, and there is no earlier frame to compare the labels with.
            missing.append(Rejected(b"", MISSING))
        return missing
