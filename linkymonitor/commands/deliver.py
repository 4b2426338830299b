"""The command ``deliver``: feeds the sinks from the log, and live values from latest.json."""

from __future__ import annotations

import logging
import os
import sys
import time
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from linkymonitor.commands.offers import offers_of
from linkymonitor.commands.shared import Common, signals, state_dir
from linkymonitor.errors import ConfigError, SinkError, UsageError
from linkymonitor.language import Text, escape_controls

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from linkymonitor.delivery.days import DayEur
    from linkymonitor.delivery.delivery import Delivery
    from linkymonitor.delivery.state import StateFolder
    from linkymonitor.money.book import PriceBook
    from linkymonitor.settings import Settings
    from linkymonitor.sinks.base import Configured, House, Row
    from linkymonitor.summaries.day import DaySummary
    from linkymonitor.system.storage import Storage

log = logging.getLogger(__name__)

#: `deliver` gives way to `acquire`.
_NICENESS = 10
_BAR = 30


def deliver(
    common: Common,
    *,
    log_dir: Path | None,
    since: date | timedelta | None,
    sink: str | None,
    once: bool,
    status: bool,
    json: bool,
    test: str | None,
) -> int:
    """Feed the sinks until a signal comes; return the exit status.

    Args:
        common: the options of every command.
        log_dir: the folder of the log; None: that of the configuration.
        since: the first day to be sent, or how long before today it is; None: each sink goes on where it was.
        sink: the one sink that begins at *since*; None: all of them.
        once: end at the end of the log; 1 is returned when a sink has not got everything.
        status: print how each sink goes, and end.
        json: print that as JSON.
        test: the name of a sink to which one record is sent; then end.

    Raises:
        ConfigError: there is no sink, or none can be made.
        LineBusy: another `deliver` runs.
        StorageError: the folder of the places cannot be written.
        UsageError: the options exclude each other, or there is no sink of that name.
    """
    common.log_to_stderr()
    settings = common.settings()
    log_dir = log_dir or settings.log.dir
    _check_usage(settings, since, sink, status=status, json=json, test=test)
    from linkymonitor.delivery.state import StateFolder
    from linkymonitor.system.storage import Storage

    storage = Storage()
    state = StateFolder(state_dir(settings) / "deliver", storage)
    if status:
        from linkymonitor.delivery.status import print_status

        return print_status(settings.destinations, state, log_dir, as_json=json)
    if test is not None:
        return _test(test, settings, log_dir, storage, state.box_id(keep=False))
    state.prepare()
    remedy = Text("ou attendez sa fin", "or wait for its end")
    with storage.lock(state.directory, remedy):
        return _feed(settings, log_dir, storage, state, since, sink, once=once)


def _check_usage(
    settings: Settings,
    since: date | timedelta | None,
    sink: str | None,
    *,
    status: bool,
    json: bool,
    test: str | None,
) -> None:
    if sink is not None and since is None:
        raise UsageError(
            Text("--sink ne va qu'avec --from DATE", "--sink goes with --from DATE only"),
        )
    if json and not status:
        raise UsageError(Text("--json ne va qu'avec --status", "--json goes with --status only"))
    for name in (sink, test):
        if name is not None and name not in settings.destinations:
            known = ", ".join(settings.destinations) or "–"
            raise UsageError(
                Text(
                    f"[sink:{name}] n'est pas dans {settings.path} ; on attend l'un de : {known}",
                    f"[sink:{name}] is not in {settings.path}; expected one of: {known}",
                )
            )
    if sink is not None and not settings.destinations[sink].enabled:
        raise UsageError(
            Text(
                f"[sink:{sink}] enabled = non : rien ne lui est envoyé ; écrivez enabled = oui",
                f"[sink:{sink}] enabled = no: nothing is sent to it; write enabled = yes",
            )
        )
    if not settings.destinations and not status:
        raise ConfigError(
            Text(
                f"{settings.path} : aucun [sink:NOM] ; ajoutez-en un, voir docs/settings.fr.md",
                f"{settings.path}: no [sink:NAME]; add one, see docs/settings.md",
            )
        )


def runtime_dir(settings: Settings) -> Path:
    """Return the folder of latest.json, where `acquire` puts it."""
    given = os.environ.get("RUNTIME_DIRECTORY") or os.environ.get("XDG_RUNTIME_DIR")
    directory = settings.general.runtime_dir or Path(given or "/run")
    if settings.general.runtime_dir is None and directory.name != "linkymonitor":
        directory /= "linkymonitor"
    return directory


def _house(settings: Settings, box: str, folder: Path | None, book: Callable[[], PriceBook]) -> House:
    """Return what a sink may know of the box; *folder* is None for a test, which keeps nothing."""
    from linkymonitor.sinks.base import House

    enabled = frozenset(name for name, sink in settings.sink.items() if sink.enabled)
    return House(
        settings.lang,
        settings.general.timezone,
        box,
        folder,
        enabled,
        config=settings.path,
        price=_price_of(settings, book),
        day_price=_day_price_of(book),
        offers=offers_of(settings),
        raw_values=settings.general.raw_values,
    )


def _price_of(
    settings: Settings, book: Callable[[], PriceBook]
) -> Callable[[str, datetime, int | None], Decimal | None]:
    """Return a function that gives the price of a register at an instant; *book* is asked when it is first called."""

    def price(register: str, at: datetime, subscribed: int | None) -> Decimal | None:
        kva = None if subscribed is None else round(subscribed / 1000)
        prices = book().on(at.astimezone(settings.zone).date(), kva)
        return prices.price(prices.period(register, at.timestamp()))

    return price


def _day_price_of(book: Callable[[], PriceBook]) -> Callable[[str, date, int | None], Decimal | None]:
    """Return a function that gives the price of a register on a day; *book* is asked when it is first called."""

    def price(register: str, day: date, subscribed: int | None) -> Decimal | None:
        return book().on(day, None if subscribed is None else round(subscribed / 1000)).of(register)

    return price


def _cost_of(book: Callable[[], PriceBook]) -> Callable[[DaySummary], DayEur]:
    """Return a function that gives what a day has cost; *book* is asked when it is first called."""
    from linkymonitor.delivery.days import DayEur

    def cost(day: DaySummary) -> DayEur:
        from linkymonitor.estimate.day_cost import cost_of

        found = cost_of(day, book().on(day.date, day.subscribed_kva))
        return DayEur(found.energy_shown, found.shown)

    return cost


def _feed(
    settings: Settings,
    log_dir: Path,
    storage: Storage,
    state: StateFolder,
    since: date | timedelta | None,
    only: str | None,
    *,
    once: bool,
) -> int:
    from linkymonitor.delivery.delivery import Delivery

    enabled = {name: one for name, one in settings.destinations.items() if one.enabled}
    for name in state.forget_others(enabled):
        log.info(
            Text(
                "[sink:%s] n'est plus en service : sa place dans le journal est oubliée",
                "[sink:%s] is no longer in use: its place in the log is forgotten",
            ),
            name,
        )
    book = cache(settings.price_book)
    house = _house(settings, state.box_id(), state.directory, book)
    delivery = Delivery(enabled, house, log_dir, state, runtime_dir(settings), storage, cost=_cost_of(book))
    delivery.open(_midnight(settings, since), only)
    progress = _progress(delivery) if sys.stderr.isatty() and (once or since is not None) else lambda: None
    with signals(delivery.stop):
        if not once:
            with suppress(OSError):
                os.nice(_NICENESS)
            in_use = [_named(feeder.name, enabled[feeder.name]) for feeder in delivery.feeders]
            log.info(
                Text("journal %s, destinations en service : %s", "log %s, sinks in use: %s"),
                log_dir,
                ", ".join(in_use),
            )
            delivery.run(progress)
            return 0
        failed = delivery.catch_up(progress)
    for name in failed:
        log.error(
            Text("[sink:%s] n'a pas tout reçu", "[sink:%s] has not got everything"),
            name,
        )
    return 1 if failed or len(delivery.feeders) < len(enabled) else 0


def _named(name: str, sink: Configured) -> str:
    """Return *name* with the type and the shape of *sink*."""
    from linkymonitor.sinks.base import OWN_SHAPE

    shape = "" if sink.shape in ("", OWN_SHAPE) else f" {sink.shape}"
    return f"{name} ({sink.type}{shape})"


def _midnight(settings: Settings, since: date | timedelta | None) -> datetime | None:
    """Return the instant at which the day *since* begins."""
    if since is None:
        return None
    if isinstance(since, timedelta):
        since = datetime.now(settings.zone).date() - since
    return datetime.combine(since, datetime.min.time(), settings.zone)


def _progress(delivery: Delivery) -> Callable[[], None]:
    """Return a function that draws on the terminal how far the sinks have come; it draws nothing once all are there."""
    from linkymonitor.daily_log.follower import time_of
    from linkymonitor.delivery.delivery import behind

    first = behind(delivery.feeders)
    begin = time_of(first.stamp) if first else None
    drawn = [False, -1.0]

    def draw() -> None:
        place = behind(delivery.feeders)
        at = time_of(place.stamp) if place else None
        if begin is None or at is None or drawn[1] + 0.2 > time.monotonic():
            return
        now = datetime.now(UTC)
        share = min(max((at - begin) / max(now - begin, timedelta(seconds=1)), 0.0), 1.0)
        done = now - at < timedelta(minutes=5)
        if done and drawn[0]:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
            drawn[0] = False
        elif not done:
            bar = "█" * int(_BAR * share)
            print(f"\r{bar:░<{_BAR}} {share:4.0%}  {at:%Y-%m-%d}", end="", file=sys.stderr, flush=True)
            drawn[:] = [True, time.monotonic()]

    return draw


def _test(name: str, settings: Settings, log_dir: Path, storage: Storage, box: str) -> int:
    """Send one record, or what the sink *name* has for a trial, and print what came of it."""
    taken, words = try_sink(name, settings, log_dir, storage, box)
    print(escape_controls(f"[sink:{name}] {words}"), file=sys.stdout if taken else sys.stderr)
    return 0 if taken else 1


def try_sink(name: str, settings: Settings, log_dir: Path, storage: Storage, box: str) -> tuple[bool, Text]:
    """Send one record, or what the sink *name* has for a trial.

    Returns:
        Whether the sink has taken it, and a sentence without secrets.

    Raises:
        ConfigError: the sink cannot be made, or there is no record to be sent.
    """
    from linkymonitor.sinks.network import without_secrets

    configured: Configured = settings.destinations[name]
    sink = configured.build(_house(settings, box, None, cache(settings.price_book)))
    sent = Text("un événement d'essai", "a trial event")
    try:
        trial = getattr(sink, "test", None)
        rows = [] if trial else [_newest(log_dir, storage)]
        began = time.monotonic()
        if trial:
            sent = trial() or sent
        else:
            sink.write(rows)
        took = time.monotonic() - began
    except SinkError as error:
        return False, error.text.map(without_secrets)
    finally:
        sink.close()
    for row in rows:
        sent = Text("l'enregistrement de ", "the record of ") + f"{row.ended_at:%Y-%m-%dT%H:%M:%SZ}"
    return True, Text("a pris ", "has taken ") + sent + Text(f" en {took:.2f} s", f" in {took:.2f} s")


def _newest(log_dir: Path, storage: Storage) -> Row:
    """Return the newest record of the log.

    Raises:
        ConfigError: there is none.
    """
    from linkymonitor.daily_log.columns import Columns
    from linkymonitor.daily_log.search import last_before
    from linkymonitor.delivery.rows import rows_of

    record = last_before(log_dir, datetime.now(UTC) + timedelta(days=1), storage=storage)
    if record is None:
        raise ConfigError(
            Text(
                f"{log_dir} : aucun enregistrement à envoyer ; « linkymonitor acquire » écrit le premier une "
                "minute après son départ",
                f"{log_dir}: no record to be sent; “linkymonitor acquire” writes the first one a minute after its "
                "start",
            )
        )
    (row,) = rows_of(Columns.of([record]))
    return row
