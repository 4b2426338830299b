"""Feeds one sink: takes batches from the log, writes them, waits when the far end is away."""

# Strategy
#
# - step() does one thing and returns when to be called again, on the monotonic clock. A thread calls it (delivery.py);
#   a test calls it with a clock of its own.
# - A batch stays in memory until the sink has it all, records and events. Then the place in the log is kept on the
#   card. A crash between the two sends the batch again: at least once, and each record has a key.
# - When a sink refuses a batch, the batch is halved until the faulty record is alone, and that record is set aside.
# - An exception that is neither SinkUnavailable nor SinkRefused is a fault of the sink. The batch is tried again, and
#   at the third time halved in the same way. But when no record at all is taken, it is no fault of a record: then
#   nothing is set aside, and the sink counts as unavailable.

from __future__ import annotations

import logging
import math
import random
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from linkymonitor.daily_log.columns import Columns
from linkymonitor.daily_log.follower import Follower, Place
from linkymonitor.delivery.events import Known, of_entry, of_rows
from linkymonitor.delivery.rows import fields_of, rows_of
from linkymonitor.delivery.state import Standing, StateFolder
from linkymonitor.errors import SinkRefused, SinkUnavailable, StorageError
from linkymonitor.language import Text
from linkymonitor.live.reading import Newest
from linkymonitor.model.terms import code
from linkymonitor.sinks.base import Configured, Event, Live, Row, Sink, takes_records
from linkymonitor.sinks.network import without_secrets

log = logging.getLogger(__name__)

NEVER = math.inf
#: The first and the longest pause of a sink that is unavailable, in seconds.
FIRST, LONGEST = 1.0, 600.0
#: A pause is up to so much shorter, so that boxes that lost one server do not come back all at once.
_JITTER = 0.25
#: How often a batch is tried before a fault of the sink is looked for in a record.
_TRIES = 3
#: How many events of latest.json wait for a sink that is unavailable.
_EVENTS_KEPT = 100
#: A success is kept so often, in seconds, when no new place in the log is.
KEPT_EVERY = 600.0
#: The pause after the log could not be read, in seconds.
_LOG_AWAY = 10.0


class _Batch(NamedTuple):
    """Some lines of the log, as the sink gets them."""

    rows: list[Row]
    events: list[Event]
    end: Place
    known: Known


class _Refusal(NamedTuple):
    """A record that was not taken alone, and why."""

    row: Row
    why: Exception | SystemExit


class Feeder:
    """One sink, its place in the log, and what waits for it.

    Args:
        name: the NAME of its section.
        configured: its settings.
        sink: the sink itself.
        follower: reads the log.
        state: keeps the place.
        standing: what was kept.
        monotonic: seconds that never go back.
        chance: returns a number from 0 to 1, for the jitter.
    """

    def __init__(
        self,
        name: str,
        configured: Configured,
        sink: Sink,
        follower: Follower,
        state: StateFolder,
        standing: Standing,
        *,
        monotonic: Callable[[], float],
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.name = name
        self.standing = standing
        #: Since when a call of the sink lasts, by the monotonic clock; None between calls.
        self.busy_since: float | None = None
        self._configured = configured
        self._sink = sink
        self._follower = follower
        self._state = state
        self._monotonic = monotonic
        self._chance = chance
        self._write_live = getattr(sink, "live", None)
        self._write_events = getattr(sink, "events", None)
        self._batch: _Batch | None = None
        #: Whether the sink has the records of the batch, and only its events are left.
        self._rows_taken = False
        self._tries = 0
        #: Whether a part of the batch was sent to the far end.
        self._sent = False
        #: Whether the log may have more: a live value alone is no reason to look.
        self._log_grew = True
        self._newest: Newest | None = None
        self._live_due = -math.inf
        self._events: deque[Event] = deque(maxlen=_EVENTS_KEPT)
        self._pause = FIRST
        self._retry_at = -math.inf
        self._away_since: float | None = None
        self._told_of_state = False
        self._kept_at = -math.inf
        #: The newest day whose summary was given to the sink, as ISO 8601.
        self._newest_day = standing.day

    @property
    def wants_live(self) -> bool:
        """Whether the sink takes live values."""
        return self._write_live is not None

    @property
    def wants_events(self) -> bool:
        """Whether the sink takes events."""
        return self._write_events is not None

    @property
    def is_away(self) -> bool:
        """Whether the sink has not taken what it was given last."""
        return self._away_since is not None

    def look(self) -> None:
        """Look at the log at the next step: it has changed."""
        self._log_grew = True

    def show(self, newest: Newest) -> None:
        """Give the sink *newest* at the next step that may; an older reading that still waits is dropped."""
        self._newest = newest

    def tell(self, events: Sequence[Event]) -> None:
        """Give the sink *events* at the next step."""
        self._events.extend(events)

    def tell_days(self, days: Sequence[Event]) -> bool:
        """Give the sink the daily summaries among *days* that it was not given before; return whether there was one."""
        new = [day for day in days if day.value > self._newest_day]
        if new:
            self._newest_day = new[-1].value
            self._events.extend(new)
        return bool(new)

    def step(self) -> float:
        """Do what is next, and return the monotonic time of the next call; NEVER when only the log can bring more."""
        now = self._monotonic()
        if now < self._retry_at:
            return self._retry_at
        try:
            # What failed comes first, so that a success ends the pause for good.
            more = self._batch is not None and self._feed()
            self._show_newest(now)
            self._tell_events()
            more = self._feed() or more
        except SinkUnavailable as error:
            return self._wait(error)
        except StorageError as error:
            self._log_grew = True
            log.warning("%s", error.text)
            self._retry_at = self._monotonic() + _LOG_AWAY
            return self._retry_at
        except (Exception, SystemExit) as error:
            # Code of the user may raise anything, and may call sys.exit().
            self._log_grew = True
            self._tries += 1
            return self._wait(error)
        finally:
            self.busy_since = None
        if more:
            return now
        return self._live_due if self._newest is not None else NEVER

    def catch_up(self, stopping: Callable[[], bool]) -> bool:
        """Feed the sink up to the end of the log; return False when it is unavailable, or *stopping* becomes true."""
        while self.step() != NEVER:
            if stopping() or self._retry_at > self._monotonic():
                return False
        return True

    def close(self) -> None:
        """Close the sink."""
        try:
            self._sink.close()
        except (Exception, SystemExit) as error:
            log.warning("[sink:%s] %s", self.name, without_secrets(repr(error)))

    def _show_newest(self, now: float) -> None:
        newest = self._newest
        if newest is None or self._write_live is None or now < self._live_due:
            return
        self._newest = None
        self._live_due = now + self._configured.every
        self.busy_since = now
        sent: bool | None = True
        try:
            sent = self._write_live(live_of(newest, now))
        except SinkRefused as error:
            log.warning(
                Text("[sink:%s] refuse une valeur en direct : %s", "[sink:%s] refuses a live value: %s"),
                self.name,
                without_secrets(str(error)),
            )
        self._back(sent)

    def _tell_events(self) -> None:
        if self._write_events is None:
            self._events.clear()
        while self._events:
            waiting = list(self._events)
            self._send_events(waiting)
            for _ in waiting:
                self._events.popleft()
            if days := [event.value for event in waiting if event.kind == "day"]:
                self.standing = self.standing._replace(day=days[-1])
                self._keep()

    def _send_events(self, events: list[Event]) -> None:
        assert self._write_events is not None
        self.busy_since = self._monotonic()
        sent: bool | None = True
        try:
            sent = self._write_events(events)
        except SinkRefused as error:
            log.warning(
                Text("[sink:%s] refuse des événements : %s", "[sink:%s] refuses events: %s"),
                self.name,
                without_secrets(str(error)),
            )
        self._back(sent)

    def _feed(self) -> bool:
        """Give the sink the next batch; return False when the log has none."""
        if self._batch is None:
            if not self._log_grew:
                return False
            # Before the look, so that a change during it is seen at the next step: `look` is called by another thread.
            self._log_grew = False
            self._batch = self._next_batch()
            if self._batch is not None:
                self._log_grew = True
            self._rows_taken, self._tries = False, 0
        batch = self._batch
        if batch is None:
            return False
        if batch.rows and not self._rows_taken:
            self.busy_since = self._monotonic()
            self._sent = False
            refusals = self._write(batch.rows)
            self._judge(refusals, len(batch.rows) if self._sent else 0)
            self._rows_taken = True
            self._back(self._sent)
        if batch.events and self._write_events is not None:
            self._send_events(batch.events)
        self._batch = None
        self.standing = self.standing._replace(place=batch.end, known=batch.known)
        self._keep()
        return True

    def _next_batch(self) -> _Batch | None:
        piece = self._follower.after(self.standing.place, self._configured.batch)
        if piece is None:
            return None
        rows: list[Row] = []
        events: list[Event] = []
        known = self.standing.known
        for item in piece.content:
            if isinstance(item, Columns):
                new = list(rows_of(item))
                made, known = of_rows(new, known)
                rows += new
                events += made
            else:
                event, known = of_entry(item, known, piece.end.series)
                events += [event] if event else []
        return _Batch(rows, events, piece.end, known)

    def _write(self, rows: list[Row]) -> list[_Refusal]:
        """Write *rows*, in halves when they are refused; return those that were refused alone."""
        try:
            self._sent = self._sink.write(rows) is not False or self._sent
        except SinkUnavailable:
            raise
        except (Exception, SystemExit) as error:
            if not isinstance(error, SinkRefused) and self._tries < _TRIES - 1:
                raise
            if len(rows) == 1:
                self._sent = True
                return [_Refusal(rows[0], error)]
            half = len(rows) // 2
            return self._write(rows[:half]) + self._write(rows[half:])
        return []

    def _judge(self, refusals: list[_Refusal], count: int) -> None:
        """Set aside the records of *refusals*, of a batch of *count* records.

        Raises:
            Exception: no record was taken, because of a fault of the sink.
        """
        faults = [refusal.why for refusal in refusals if not isinstance(refusal.why, SinkRefused)]
        if faults and len(refusals) == count:
            self._tries = 0
            raise faults[0]
        now = datetime.now(UTC)
        for row, why in refusals:
            path = self._state.put_aside(self.name, row, str(why), now)
            place = Text(f"mis de côté dans {path}", f"set aside in {path}")
            if path is None:
                place = Text(
                    "perdu pour lui : le fichier des refus est plein",
                    "lost to it: the file of refusals is full",
                )
            log.warning(
                Text(
                    "[sink:%s] refuse l'enregistrement de %s (%s) ; %s",
                    "[sink:%s] refuses the record of %s (%s); %s",
                ),
                self.name,
                row.ended_at.isoformat(),
                without_secrets(str(why)),
                place,
            )
        delivered = self.standing.delivered + count - len(refusals)
        self.standing = self.standing._replace(
            delivered=delivered, set_aside=self.standing.set_aside + len(refusals)
        )

    def _wait(self, error: BaseException) -> float:
        """Begin or lengthen the pause of a sink that is unavailable; return its end."""
        now = self._monotonic()
        self.busy_since = None
        words = without_secrets(str(error) or type(error).__name__)
        moment = _iso_now()
        if self._away_since is None:
            self._away_since, self._pause = now, FIRST
            self.standing = self.standing._replace(unavailable_since=moment)
            text = Text("[sink:%s] indisponible : %s ; %s", "[sink:%s] unavailable: %s; %s")
            fault = None if isinstance(error, SinkUnavailable) else error
            log.warning(text, self.name, words, self._meanwhile())
            if fault is not None:
                log.error("%s", without_secrets(_traceback(fault)))
        else:
            self._pause = min(self._pause * 2, LONGEST)
        pause = self._pause * (1 - _JITTER * self._chance())
        self._retry_at = now + pause
        next_try = (datetime.now(UTC) + timedelta(seconds=pause)).isoformat(timespec="seconds")
        self.standing = self.standing._replace(
            last_error=words[:500], last_error_at=moment, next_try=next_try
        )
        self._keep()
        return self._retry_at

    def _meanwhile(self) -> Text:
        """Return what becomes of what the sink does not get while it is away."""
        if takes_records(self._sink):
            return Text("les enregistrements attendent dans le journal", "the records wait in the log")
        if self.wants_events:
            return Text("les événements attendent", "the events wait")
        return Text("ce qu'elle manque ne sera pas renvoyé", "what it misses is not sent later")

    def _back(self, sent: bool | None) -> None:
        """Note that a call of the sink is over, and has taken something unless *sent* is False."""
        self.busy_since = None
        if sent is False:
            return
        # A former process may have left the sink as unavailable.
        was_away = bool(self.standing.unavailable_since)
        self.standing = self.standing._replace(last_success=_iso_now(), unavailable_since="", next_try="")
        if self._away_since is not None:
            lasted = timedelta(seconds=round(self._monotonic() - self._away_since))
            log.info(
                Text("[sink:%s] de nouveau disponible, après %s", "[sink:%s] available again, after %s"),
                self.name,
                lasted,
            )
            self._away_since, self._pause = None, FIRST
            self._retry_at = -math.inf
        if was_away or self._monotonic() >= self._kept_at + KEPT_EVERY:
            self._keep()

    def _keep(self) -> None:
        self._kept_at = self._monotonic()
        try:
            self._state.write(self.name, self.standing)
            self._told_of_state = False
        except StorageError as error:
            if not self._told_of_state:
                self._told_of_state = True
                log.warning("%s", error.text)


def live_of(newest: Newest, now: float) -> Live:
    """Return *newest* as a sink has it, with its age at monotonic *now*."""
    return Live(
        reading=newest.reading,
        taken_at=newest.taken_at,
        age=round(newest.age(now), 3),
        period=code(newest.period),
        ejp=newest.ejp,
        fields=fields_of(newest.reading),
        values=newest.values,
        relays=newest.relays,
        raw=newest.raw,
    )


def _iso_now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _traceback(error: BaseException) -> str:
    import traceback

    return "".join(traceback.format_exception(error)).rstrip()
