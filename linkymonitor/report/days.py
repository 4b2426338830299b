"""The figures of each day of a log, and their sums; a day that fails does not stop the other days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from linkymonitor.errors import LinkyMonitorError
from linkymonitor.language import Text, as_text, written_date
from linkymonitor.money.book import PriceBook
from linkymonitor.report.day import DayFigures
from linkymonitor.report.figures import day_figures
from linkymonitor.report.gather import LogDays

_DAY = timedelta(days=1)
_LONGEST_CAUSE = 300


def guarded_days(
    source: LogDays, dates: tuple[date, date], prices: PriceBook, *, drawn: bool = True
) -> Iterator[tuple[date, DayFigures | Exception]]:
    """Yield each day with its figures, or with the error that kept them from being computed; the other days go on.

    Args:
        source: the log.
        dates: the first day and the last one.
        prices: what a kWh costs.
        drawn: whether a page is drawn of the figures; else their curves are left out.

    Raises:
        StorageError: the folder of the log cannot be read.
    """
    source.storage.names(source.directory)  # a folder that cannot be read concerns all days, so this raises
    day, last = dates
    while day <= last:
        try:
            for records in source.between(day, last):
                day = records.date + _DAY
                try:
                    figures: DayFigures | Exception = day_figures(
                        records, source.tz, prices, source.now, drawn=drawn
                    )
                except Exception as error:
                    figures = error
                yield records.date, figures
        except Exception as error:
            # This reading of the log is over: another one begins at the next day.
            yield day, error
            day += _DAY


def cause_of(error: Exception) -> Text:
    """Return why a day could not be drawn, in a few words."""
    if isinstance(error, LinkyMonitorError):
        return error.text
    return as_text(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)


def keep_traceback(day: date, failure: Exception) -> None:
    """Log why *day* could not be drawn, for whoever asks for it (``-v``)."""
    import logging  # takes a tenth of the time of a report, and few reports need it

    logging.getLogger(__name__).debug("%s", day, exc_info=failure)


def not_drawn(day: date, error: Exception) -> Text:
    """Return the sentence about *day*, which could not be drawn because of *error*."""
    cause = cause_of(error).map(lambda words: " ".join(words.split())[:_LONGEST_CAUSE])
    on = written_date(day)
    sentence = Text(
        f"{on.fr} : journée non dessinée ({cause.fr}) ; les autres le sont",
        f"{on.en}: day not drawn ({cause.en}); the others are",
    )
    if isinstance(error, LinkyMonitorError):  # its text has the remedy
        return sentence
    return sentence + Text(
        ", gardez le journal de ce jour et signalez-le", ", keep the log of this day and report it"
    )
