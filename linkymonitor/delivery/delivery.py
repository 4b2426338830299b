"""Feeds all sinks: a thread for each, and one look at the log and at latest.json for all of them."""

# Strategy
#
# - The main thread looks every few seconds whether the log or latest.json has changed, which costs some calls of stat,
#   and wakes the threads of the sinks. Each thread has its own place in the log: a sink that hangs holds up no other.
# - `acquire` is never waited for, and never waits: the two share the files of the log and latest.json alone.

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from linkymonitor.daily_log.follower import Follower, Place
from linkymonitor.daily_log.segments import Segments
from linkymonitor.delivery.days import DayEur, Days, no_prices
from linkymonitor.delivery.events import Known, Watch
from linkymonitor.delivery.feeder import NEVER, Feeder
from linkymonitor.delivery.state import Standing, StateFolder
from linkymonitor.errors import ConfigError, StorageError
from linkymonitor.language import Text
from linkymonitor.live.reading import Newest, Watcher
from linkymonitor.sinks.base import Configured, House
from linkymonitor.summaries.day import DaySummary
from linkymonitor.system.memory import share_one_arena
from linkymonitor.system.storage import Storage

log = logging.getLogger(__name__)

#: Seconds between two looks at latest.json, and between two looks at the log, which grows once a minute.
LIVE_EVERY, LOG_EVERY = 1.0, 3.0
#: A call of a sink that lasts longer, in seconds, is reported.
HANGS_AFTER = 60.0
#: How long the threads get to end, in seconds.
_PATIENCE = 5.0
#: How often the states of latest.json are kept although nothing has changed, in seconds.
_KEPT_EVERY = 600.0


class Delivery:
    """All sinks of a configuration.

    Args:
        sinks: NAME → settings, of those that are enabled.
        house: what a sink may know of the box.
        log_dir: the folder of the log.
        state: the folder of the places.
        runtime_dir: the folder of latest.json.
        storage: reads the log.
        monotonic: seconds that never go back.
        cost: gives what a day has cost.
    """

    def __init__(
        self,
        sinks: Mapping[str, Configured],
        house: House,
        log_dir: Path,
        state: StateFolder,
        runtime_dir: Path,
        storage: Storage,
        monotonic: Callable[[], float] = time.monotonic,
        cost: Callable[[DaySummary], DayEur] = no_prices,
    ) -> None:
        self._sinks = sinks
        self._house = house
        self._log_dir = log_dir
        self._state = state
        self._storage = storage
        self._monotonic = monotonic
        self._watcher = Watcher(runtime_dir, monotonic)
        self._segments = Segments(log_dir, storage)
        self._days = Days(log_dir, house.timezone, storage, cost)
        self._stop = threading.Event()
        self._told_to_hang: set[str] = set()
        self._newest: Newest | None = None
        self._heard = monotonic()
        self.feeders: list[Feeder] = []

    def open(self, since: datetime | None = None, only: str | None = None) -> None:
        """Make the sinks, each at its place in the log.

        Args:
            since: where the sinks begin instead; None: at the place that is kept, a new sink at the end of the log.
            only: the one sink that begins at *since*; None: all of them.

        Raises:
            ConfigError: no sink can be made.
            StorageError: the log cannot be read.
        """
        faults: list[Text] = []
        for name, configured in self._sinks.items():
            try:
                sink = configured.build(self._house)
            except ConfigError as error:
                # The other sinks go on without it.
                faults += error.faults
                continue
            follower = Follower(self._log_dir, self._storage)
            standing = self._state.read(name)
            if since is not None and only in (None, name):
                place = follower.since(since)
                standing = (standing or Standing(day=self._days.newest()))._replace(
                    # The meter of a line is known there as it was when the line was sent first.
                    place=place,
                    known=Known(follower.contract_at(place)),
                )
                self._state.write(name, standing)
            elif standing is None:
                place = follower.newest()
                standing = Standing(place, Known(follower.contract_at(place)), day=self._days.newest())
                self._state.write(name, standing)
            self.feeders.append(
                Feeder(name, configured, sink, follower, self._state, standing, monotonic=self._monotonic)
            )
        if faults and not self.feeders:
            raise ConfigError(*faults)
        for fault in faults:
            log.error("%s", fault)
        if len(self.feeders) > 1:
            share_one_arena()

    def stop(self) -> None:
        """End `run`, soon."""
        self._stop.set()

    @property
    def stopping(self) -> bool:
        """Whether `stop` was called."""
        return self._stop.is_set()

    def run(self, each_look: Callable[[], None] = lambda: None) -> None:
        """Feed the sinks until `stop`.

        Args:
            each_look: called at each look at the log or at latest.json.
        """
        wakes = {feeder.name: threading.Event() for feeder in self.feeders}
        threads = [
            threading.Thread(target=self._follow, args=(feeder, wakes[feeder.name]), daemon=True)
            for feeder in self.feeders
        ]
        for thread in threads:
            thread.start()
        states, since = self._state.read_watch()
        watch = Watch(states, since)
        kept = log_due = self._monotonic()
        signature: object = None
        watches = any(feeder.wants_live or feeder.wants_events for feeder in self.feeders)
        while not self._stop.wait(LIVE_EVERY if watches else LOG_EVERY):
            kept = self._look(watch, wakes, kept)
            if self._monotonic() >= log_due:
                log_due = self._monotonic() + LOG_EVERY
                before, signature = signature, self._segments.signature()
                if signature != before:
                    with suppress(StorageError):  # the sinks report it
                        self._segments.all()
                    for feeder in self.feeders:
                        feeder.look()
                        wakes[feeder.name].set()
                self._tell_days(wakes)
                self._mind_hangs()
            each_look()
        for wake in wakes.values():
            wake.set()
        deadline = self._monotonic() + _PATIENCE
        for thread in threads:
            thread.join(max(deadline - self._monotonic(), 0.0))
        self._keep(watch)

    def catch_up(self, each_look: Callable[[], None] = lambda: None) -> list[str]:
        """Feed the sinks up to the end of the log; return the names of those that are unavailable."""
        failed: list[str] = []

        def follow(feeder: Feeder) -> None:
            if not feeder.catch_up(self._stop.is_set):
                failed.append(feeder.name)
            feeder.close()

        threads = [threading.Thread(target=follow, args=(feeder,), daemon=True) for feeder in self.feeders]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            for thread in threads:
                thread.join(0.1)
            each_look()
        return failed

    def _follow(self, feeder: Feeder, wake: threading.Event) -> None:
        """Feed one sink until `stop`; this is its thread."""
        while not self._stop.is_set():
            wake.clear()
            due = feeder.step()
            if due != NEVER:
                due = max(due - self._monotonic(), 0.0)
            if due > 0:
                self._rest(feeder, wake, due)
        feeder.close()

    def _rest(self, feeder: Feeder, wake: threading.Event, seconds: float) -> None:
        """Wait for so many seconds, or until something has come for a sink that is not in its pause."""
        end = self._monotonic() + seconds
        while not self._stop.is_set() and (left := end - self._monotonic()) > 0:
            if wake.wait(None if seconds == NEVER else left) and not feeder.is_away:
                return
            wake.clear()

    def _look(self, watch: Watch, wakes: Mapping[str, threading.Event], kept: float) -> float:
        """Look at latest.json, and give the sinks what is new; return when the states were kept last."""
        live = [feeder for feeder in self.feeders if feeder.wants_live]
        told = [feeder for feeder in self.feeders if feeder.wants_events]
        if not live and not told:
            return kept
        now = self._monotonic()
        if self._watcher.changed() and (newest := self._watcher.read()) is not None:
            self._newest, self._heard = newest, newest.heard
            for feeder in live:
                feeder.show(newest)
                wakes[feeder.name].set()
        events = watch.update(self._newest, now - self._heard, datetime.now(UTC))
        for feeder in told if events else ():
            feeder.tell(events)
            wakes[feeder.name].set()
        if events or now - kept >= _KEPT_EVERY:
            self._keep(watch)
            return now
        return kept

    def _tell_days(self, wakes: Mapping[str, threading.Event]) -> None:
        """Give the sinks the summaries of the days that are new."""
        told = [feeder for feeder in self.feeders if feeder.wants_events]
        days = self._days.events() if told else []
        for feeder in told:
            if feeder.tell_days(days):
                wakes[feeder.name].set()

    def _keep(self, watch: Watch) -> None:
        if any(feeder.wants_events for feeder in self.feeders):
            with suppress(StorageError):
                self._state.write_watch(watch.states, datetime.now(UTC))

    def _mind_hangs(self) -> None:
        """Report each sink that has not answered for long, once."""
        for feeder in self.feeders:
            since = feeder.busy_since
            if since is None or self._monotonic() - since < HANGS_AFTER:
                self._told_to_hang.discard(feeder.name)
            elif feeder.name not in self._told_to_hang:
                self._told_to_hang.add(feeder.name)
                log.warning(
                    Text(
                        "[sink:%s] ne répond pas depuis %d s ; les autres continuent",
                        "[sink:%s] has not answered for %d s; the others go on",
                    ),
                    feeder.name,
                    HANGS_AFTER,
                )


def behind(feeders: list[Feeder]) -> Place | None:
    """Return the place of the sink that is the furthest behind, None when there is no sink."""
    places = [feeder.standing.place for feeder in feeders]
    return min(places, key=lambda place: (place.series, place.stamp), default=None)
