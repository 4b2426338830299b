"""The contract of a judge: the groups of one label go in frame by frame, and the believed group comes out."""

# A judge knows one label of one meter. It remembers the groups that it needs to compare, and returns for each frame
# the group that is believed now: the new one, an older one, or None while it waits for a second frame.

from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from linkymonitor.model.epochs import REPEATED
from linkymonitor.tic.frame import Frame, InfoGroup

if TYPE_CHECKING:
    from linkymonitor.meter.acceptance.index import Flow

#: Why a group is held, or a frame refused.
DOMAIN = "domain"  # no meter can send the value
ORDER = "order"  # the frame is two frames run together
METER = "meter"  # the frame names another meter
CONTRACT = "contract"  # the frame names another contract
CROSS = "cross"  # the group does not fit the rest of its frame
INDEX = "index"  # the index falls, or jumps further than energy can flow
UNCONFIRMED = "unconfirmed"  # no second frame had the same group
#: Why a group is not among the believed ones though nothing is wrong with it: it waits for a second frame.
WAITING = "waiting"
#: Why a label is not among the believed ones: it was expected, and no damaged line explains its absence.
MISSING = "missing"

#: Frames in a row that it takes to believe what should not happen.
FIRM = 5
#: Whole frames in a row without an alert (PEJP, ADPS, ADIRn) that it takes to believe its end. A line may be lost
#: without a trace, so an absence proves less than a group.
SILENT = 3
#: Seconds between two frames from which on the second one comes after a silence. A meter sends one each 0.7 to 2.4 s.
GAP = 10.0
#: Seconds between two groups of one label from which on they are not compared. A three-phase meter in overload sends
#: a long frame each 14 s.
STALE = REPEATED


class Situation(Enum):
    """How a frame stands to the frames before it.

    Attributes:
        at_once: whether a group that nothing contradicts is believed at once, because perhaps no second frame ever
            comes.
        apart: whether the frame comes after a silence of more than GAP.
        lone: whether the next frame will come too late to bear out the groups of this frame.
    """

    #                                                                                    at once apart  lone
    FIRST = ("the first frame of a file, or its first long one", True, False, True)
    START = ("the first frame of a live meter", False, False, False)
    FOLLOWS = ("at most 10 s after the frame before", False, False, False)
    AFTER_SILENCE = ("more than 10 s after the frame before; frames used to be closer", False, True, False)
    SLOW = ("frames always come alone, of a live meter, this one within 30 s", False, True, False)
    LONE = ("frames always come alone, and nothing in this one is damaged", True, True, True)
    LONE_DAMAGED = ("frames always come alone, and a line of this one is damaged", False, True, True)

    def __init__(self, meaning: str, at_once: bool, apart: bool, lone: bool) -> None:
        self.meaning = meaning
        self.at_once = at_once
        self.apart = apart
        self.lone = lone


class Moment(NamedTuple):
    """One frame as its judges see it, and the groups that they hold back."""

    frame: Frame
    #: The groups of the frame by label.
    groups: Mapping[str, InfoGroup]
    #: The judges of all labels that are known, by label.
    judges: Mapping[str, "Judge"]
    #: When the frame came, in monotonic seconds.
    now: float
    #: When the frame before came; None for the first frame.
    before: float | None
    situation: Situation
    #: The subscribed power in VA, which limits how fast an index grows; None when the meter has not sent it.
    subscribed: int | None
    flow: "Flow"
    #: Filled by the judges: groups of this frame, or of an earlier frame, each with its cause.
    held: list[tuple[InfoGroup, str]]


class Judge:
    """The rule by which one label changes, and what is known of the label."""

    def __init__(self) -> None:
        #: The last group that was possible, believed or not: the next group is compared with it. None while the meter
        #: is not known to send the label.
        self.newer: InfoGroup | None = None
        #: When the last frame with the label came, in monotonic seconds; None while each frame has it.
        self.lost_at: float | None = None
        #: Frames in a row without the label. A frame that may have lost the label on the line does not count.
        self.absent = 0
        #: Frames in a row whose group under the label did not fit the rest of the frame.
        self.doubts = 0

    def sound(self, group: InfoGroup) -> bool:
        """Return whether a meter can send *group*; this is not asked of the group that is ``newer`` already."""
        return True

    def take(self, group: InfoGroup, moment: Moment) -> InfoGroup | None:
        """Weigh *group*, which is sound and fits the rest of its frame; return the group that is believed now."""
        raise NotImplementedError

    def doubt(self, group: InfoGroup, moment: Moment) -> InfoGroup | None:
        """Weigh *group*, which is sound and does not fit the rest; return the group that is believed now."""
        if self.doubts >= FIRM:
            return self.take(group, moment)
        moment.held.append((group, CROSS))
        return None

    def skip(self) -> None:
        """Note that a whole frame came without the label."""

    def lose(self, moment: Moment) -> None:
        """Note that the frame before had the label, and the frame of *moment* has not."""

    def forget_old(self) -> None:
        """Forget the groups that are more than STALE old."""

    def forget(self) -> None:
        """Forget everything: the meter no longer sends the label."""
        self.newer = None
