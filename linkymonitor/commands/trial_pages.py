"""The pages of a trial: drawn at its start, again while it goes on, and at its end, and shown in a browser."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from linkymonitor.daily_log.files import records
from linkymonitor.daily_log.search import last_before
from linkymonitor.errors import LinkyMonitorError
from linkymonitor.language import Text
from linkymonitor.money.contract import Contract
from linkymonitor.money.tariffs import Prices

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from linkymonitor.model.reading import View
    from linkymonitor.settings import Settings
    from linkymonitor.system.storage import Storage

log = logging.getLogger(__name__)

#: Seconds between two drawings while a trial goes on.
EVERY = 180.0
#: Seconds until the first drawing of a trial that began with an empty log.
SOON = 20.0
#: Seconds between two looks at whether a drawing is due.
_LOOK = 1.0
_A_DAY = timedelta(days=1)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)

#: Prices of no supplier, of about the size of real ones.
INVENTED = Prices(
    **{
        name: Decimal(price)
        for name, price in {
            "base": "0.2000",
            "hc": "0.1600",
            "hp": "0.2200",
            "hn": "0.1500",
            "pm": "0.7000",
            "hcjb": "0.1300",
            "hpjb": "0.1600",
            "hcjw": "0.1500",
            "hpjw": "0.1900",
            "hcjr": "0.1600",
            "hpjr": "0.7000",
            "injection": "0.0400",
            "subscription_month": "16.00",
        }.items()
    }
)
_SIMULATED = Text("Maison simulée", "Simulated house")
#: The note on the pages of a simulated house with INVENTED prices.
SIMULATED_NOTE = _SIMULATED + Text(", prix inventés", ", invented prices")


def settings_of_trial(settings: Settings, folder: Path, lang: str, *, simulated: bool) -> Settings:
    """Return *settings* with log and pages below *folder*, in *lang*, and invented prices where none is set."""
    invented = simulated and not settings.price_book().priced
    # A trial is short, so the page `live` is shown after each other page.
    others = [page for page in settings.display.pages if page != "live"]
    pages = tuple(page for other in others for page in ("live", other)) or ("live",)
    note = Text("", "")
    if simulated:
        note = SIMULATED_NOTE if invented else _SIMULATED
    report = replace(
        settings.report,
        dir=folder / "pages",
        note=note.render(lang) or None,
        silent_after=timedelta(0),  # a trial ends, and its meter has not fallen silent
    )
    return replace(
        settings,
        general=replace(settings.general, lang=lang),
        log=replace(settings.log, dir=folder / "log"),
        display=replace(settings.display, pages=pages),
        report=report,
        tariff=INVENTED if invented else settings.tariff,
    )


def written(section: Prices | Contract) -> list[str]:
    """Return the keys of *section* that are set, as an INI file has them."""
    lines = []
    for field in fields(section):
        value = getattr(section, field.name)
        if isinstance(value, tuple):
            value = ", ".join(value) or None
        elif isinstance(value, Enum):
            value = value.value
        if value is not None:
            lines.append(f"{field.name} = {value}")
    return lines


def write_settings(settings: Settings, path: Path, storage: Storage) -> bool:
    """Write the settings of the pages as a configuration, for `report` by hand; return whether they have changed.

    Raises:
        StorageError: the file cannot be written.
    """
    head = Text(
        f"# Écrit à chaque essai par « linkymonitor run ». Pour redessiner : linkymonitor report -c {path}",
        f"# Written by “linkymonitor run” at each trial. To draw again: linkymonitor report -c {path}",
    )
    lines = [
        head.render(settings.lang),
        f"[general]\nlang = {settings.lang}\ntimezone = {settings.general.timezone}",
        f"[log]\ndir = {settings.log.dir}",
        f"[report]\ndir = {settings.report.dir}\nnote = {settings.report.note or ''}\nsilent_after = 0",
        "[tariff]",
        *([f"# {settings.report.note}"] if settings.report.note else []),
        *written(settings.tariff),
    ]
    for section, dated in (("tariff", settings.tariffs), ("contract", settings.contracts)):
        for day, part in dated.items():
            lines += [f"[{section}:{day}]", *written(part)]
    lines += ["[contract]", *written(settings.contract)]
    text = ("\n".join(lines) + "\n").encode()
    if path.is_file() and path.read_bytes() == text:
        return False
    storage.replace(path, text)
    return True


class TrialPages:
    """The pages of a trial; as an output of its run, they are drawn again every EVERY seconds.

    Drawing takes a second, so it is done in a thread: the display goes on meanwhile.

    Args:
        settings: the settings of the trial.
        storage: writes the pages.
        now: returns the time of the house, in UTC.
        monotonic: the clock for EVERY, which is the real one: the clock of a simulated house may run faster.
    """

    def __init__(
        self,
        settings: Settings,
        storage: Storage,
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._storage = storage
        self._now = now
        self._since = self._day(now()) - _A_DAY
        self._monotonic = monotonic
        self._due = monotonic() + EVERY
        self._drawing: threading.Thread | None = None

    @property
    def index(self) -> Path:
        """The page to begin with."""
        return self._settings.report.dir / "index.html"

    def logged_until(self) -> datetime | None:
        """Return the time of the newest record of the log, None when it is empty.

        Raises:
            StorageError: the log cannot be read.
        """
        last = last_before(self._settings.log.dir, _LATEST, storage=self._storage)
        return last.ended_at if last else None

    def draw_all(self, changed_since: datetime | None) -> list[Text]:
        """Draw the days whose pages are missing, and those after an instant; return what could not be drawn.

        Nothing is drawn while the log is empty.

        Args:
            changed_since: the log is new from then on; None: all of it.

        Raises:
            ConfigError: a template is wrong.
            StorageError: a folder cannot be read or written.
        """
        first, today = self._first_day(), self._day(self._now())
        if first is None:
            self._due = self._monotonic() + SOON
            return []
        if changed_since is not None:
            changed = min(self._day(changed_since), today)
            while first < changed and (self._settings.report.dir / f"{first}.html").exists():
                first += _A_DAY
        return self._draw(first, today)

    def draw_again(self) -> list[Text]:
        """Draw the day before the trial, and the days since; return what could not be drawn.

        Raises:
            ConfigError: a template is wrong.
            StorageError: a folder cannot be read or written.
        """
        today = self._day(self._now())
        return self._draw(max(self._since, self._first_day() or today), today)

    def update(self, view: View) -> None:
        """Do nothing: the pages follow the log."""

    def tick(self, now: float, data_age: float) -> float:
        """Begin to draw, if it is time to."""
        if self._monotonic() >= self._due and self._drawing is None:
            self._drawing = threading.Thread(target=self._draw_aside)
            self._drawing.start()
        return now + _LOOK

    def close(self) -> None:
        """Wait until the drawing that is under way is done."""
        if self._drawing is not None:
            self._drawing.join()

    def _draw_aside(self) -> None:
        try:
            for sentence in self.draw_again():
                log.warning("%s", sentence)
        except LinkyMonitorError as error:
            log.warning("%s", error)
        finally:
            self._due = self._monotonic() + EVERY
            self._drawing = None

    def _draw(self, first: date, last: date) -> list[Text]:
        from linkymonitor.report.build import build

        settings, failures = self._settings, list[Text]()
        build(
            settings.report,
            settings.log.dir,
            (first, last),
            tz=settings.zone,
            lang=settings.lang,
            prices=settings.price_book(),
            now=self._now(),
            calendar=settings.calendar,
            storage=self._storage,
            on_failure=failures.append,
        )
        return failures

    def _first_day(self) -> date | None:
        """Return the first local day of the log, None when it is empty."""
        earliest = datetime(2000, 1, 1, tzinfo=UTC)
        first = next(iter(records(self._settings.log.dir, earliest, _LATEST, storage=self._storage)), None)
        return self._day(first.started_at) if first else None

    def _day(self, at: datetime) -> date:
        return at.astimezone(self._settings.zone).date()


def show_in_browser(page: Path, environ: Mapping[str, str] = os.environ) -> bool:
    """Open *page* in the browser of the desktop; return False when there is none."""
    if sys.platform == "darwin":
        program = shutil.which("open", path=environ.get("PATH"))
    elif environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"):
        program = shutil.which("xdg-open", path=environ.get("PATH"))
    else:
        program = None
    if program is None:
        return False
    try:
        subprocess.Popen(
            [program, page.as_uri()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        return False
    return True
