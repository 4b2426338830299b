"""Asks of each frame what a right checksum does not prove: domain, agreement and time.

``Acceptance(mode).accept(frame, now)`` returns what is believed of a frame, and what was held back and why.
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

from linkymonitor.acceptance.agreement import (
    CONTRACT,
    CROSS,
    DOMAIN,
    FIRM,
    GAP,
    INDEX,
    METER,
    METERS,
    MISSING,
    ORDER,
    SILENT,
    STALE,
    UNCONFIRMED,
    WAITING,
)
from linkymonitor.acceptance.frames import Acceptance, Accepted, Held

__all__ = [
    "CONTRACT",
    "CROSS",
    "DOMAIN",
    "FIRM",
    "GAP",
    "INDEX",
    "METER",
    "METERS",
    "MISSING",
    "ORDER",
    "SILENT",
    "STALE",
    "UNCONFIRMED",
    "WAITING",
    "Acceptance",
    "Accepted",
    "Held",
]
