"""Gives a frame its meaning: a Reading, the same in both modes."""

# Strategy
#
# - A field is filled from this frame alone, and is None when the frame lacks its group. Acceptance and the folds of
#   state/ see more than one frame: they keep last values, wait for a change to be confirmed, and hold back values
#   that may be wrong.

from __future__ import annotations

from datetime import datetime

from linkymonitor.model.reading import Reading
from linkymonitor.model.terms import Mode
from linkymonitor.tic.content import FrameContent
from linkymonitor.tic.frame import Frame
from linkymonitor.tic.historique import interpret_historique
from linkymonitor.tic.standard import interpret_standard


def interpret(frame: Frame, mode: Mode, taken_at: datetime) -> Reading:
    """Return what *frame* means.

    Args:
        frame: complete or not; what is missing from it is None in the reading.
        mode: the mode in which *frame* was decoded.
        taken_at: when *frame* was received, aware, in UTC.
    """
    content = FrameContent(frame, mode)
    if mode is Mode.HISTORIQUE:
        return interpret_historique(content, taken_at)
    return interpret_standard(content, taken_at)
