"""Judges the line from the meter, so that its page is shown while the line is bad."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from linkymonitor.model.reading import Health

#: The line is judged each time so many seconds have passed.
_SPAN = 60.0
#: A line is bad when more than this share of its groups is rejected, or of its frames cut short.
_BAD_GROUPS, _BAD_FRAMES = 0.02, 0.05


class LineQuality:
    """Whether the line was bad in the last whole minute."""

    def __init__(self) -> None:
        self.is_bad = False
        self._began: tuple[float, Health] | None = None

    def update(self, health: Health, now: float) -> None:
        """Judge the line when a minute has passed.

        Args:
            health: the counters since the start of the program.
            now: monotonic seconds.
        """
        if self._began is None:
            self._began = (now, health)
            return
        began_at, before = self._began
        if now - began_at < _SPAN:
            return
        self._began = (now, health)
        rejected = sum(health.rejected.values()) - sum(before.rejected.values())
        heard = health.groups - before.groups + rejected
        cut = health.incomplete - before.incomplete
        frames = health.frames - before.frames + cut
        self.is_bad = rejected > _BAD_GROUPS * heard or cut > _BAD_FRAMES * frames
