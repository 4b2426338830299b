"""Notices a meter that no longer measures and repeats itself."""

from __future__ import annotations

from linkymonitor.model.reading import Reading
from linkymonitor.model.terms import code
from linkymonitor.tic.content import StampedValue

#: A meter that draws at least so much, in VA, and repeats itself for so long, in seconds, no longer measures.
STANDSTILL_POWER, STANDSTILL = 500, 600.0
#: Seconds that two frames are apart at most to be heard without a pause.
_HEARD_ON = 30.0


class Standstill:
    """Notices a meter that repeats itself: power is drawn, and every value but the time of day stays the same.

    At 500 VA an index grows by 83 Wh in ten minutes. What proves no standstill:

    - a value that varies: the meter measures. An old meter counts nothing while the house injects.
    - a frame without the total and without the register in force: an index that is not read may have moved.
    - a power that is estimated from the current: it may be injected, which no index of such a meter shows.
    - a silence: the power may have been cut, and the first frame after it need not have an index.
    """

    def __init__(self) -> None:
        self._values: dict[str, object] = {}
        #: Seconds for which the meter has repeated itself; None while it does not.
        self._same: float | None = None
        self._heard = 0.0

    def update(self, reading: Reading, now: float) -> bool:
        """Take *reading* into account; return whether the meter stands still at the monotonic time *now*."""
        varies = any(self._varies(label, value) for label, value in reading.values.items())
        self._values.update(reading.values)  # a group that a frame has lost is no value that has changed
        idle = reading.apparent_power is not None and reading.apparent_power < STANDSTILL_POWER
        period = reading.tariff_period
        counts = reading.total_index is not None or (period is not None and code(period) in reading.indexes)
        if varies or idle or reading.apparent_power_estimated:
            self._same, self._heard = None, now
        elif counts:
            passed, self._heard = min(now - self._heard, _HEARD_ON), now
            if self._same is not None:
                self._same += passed
            elif reading.apparent_power is not None:
                self._same = 0.0
        return self._same is not None and self._same >= STANDSTILL

    def _varies(self, label: str, value: object) -> bool:
        """Return whether *value* is another one than *label* had, whatever the horodates of both."""
        before = self._values.get(label)
        # DATE may go on although the meter no longer measures: the meter's clock is a part of its own.
        return value is not before and label != "DATE" and _undated(value) != _undated(before)


def _undated(value: object) -> object:
    """Return *value* without its horodate, which follows the meter's clock."""
    return value.value if isinstance(value, StampedValue) else value
