"""Gives a frame its meaning: a Reading, the same in both modes."""

# Strategy
#
# - A field is filled from this frame alone, and is None when the frame lacks its group. Acceptance and the folds of
#   state/ see more than one frame: they keep last values, wait for a change to be confirmed, and hold back values
#   that may be wrong.

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from linkymonitor.model.reading import Reading
from linkymonitor.model.terms import Colour, Mode
from linkymonitor.tic.content import FrameContent
from linkymonitor.tic.frame import Frame
from linkymonitor.tic.historique import interpret_historique
from linkymonitor.tic.standard import interpret_standard
from linkymonitor.tic.status import CutOff, EuridisOutput, PlcStatus, StatusRegister


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


def interpret_values(values: Mapping[str, object], mode: Mode, taken_at: datetime) -> Reading:
    """Return the reading of a whole frame from its *values* by label, as latest.json has them.

    A value that has not the form of its label is left out.

    Args:
        values: label → value, in the simple types of JSON.
        mode: the dialect of the meter.
        taken_at: when the frame was received, aware, in UTC.
    """
    content = FrameContent(Frame(()), mode)
    content.values = dict(values)
    # The clock of the meter is no longer a horodate.
    content.values.pop("DATE", None)
    for label, read in _TYPED.items():
        if label in values:
            content.values[label] = read(values[label])
    if mode is Mode.HISTORIQUE:
        return interpret_historique(content, taken_at)
    return interpret_standard(content, taken_at)


def _colour(value: object) -> Colour | None:
    try:
        return Colour(value) if value is not None else None
    except ValueError:
        return None


def _status(value: object) -> StatusRegister | None:
    try:
        return _status_of(tuple(value), tuple(value.values())) if isinstance(value, dict) else None
    except (KeyError, TypeError, ValueError):
        return None


@lru_cache(4)  # the register of most frames is that of the frame before
def _status_of(names: tuple[str, ...], values: tuple[Any, ...]) -> StatusRegister:
    value = dict(zip(names, values, strict=True))
    colours = {name: Colour(value[name]) if value[name] else None for name in ("colour", "tomorrow")}
    enums = {
        "cut_off": CutOff(value["cut_off"]),
        "euridis": EuridisOutput(value["euridis"]),
        "plc": PlcStatus(value["plc"]),
    }
    return StatusRegister(**{**value, **colours, **enums})


#: Label → what makes of a simple type of JSON the type that the label table gives.
_TYPED: Mapping[str, Callable[[object], object]] = {"DEMAIN": _colour, "STGE": _status}
