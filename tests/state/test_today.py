"""The energy of today on the display is that of the page, whatever befell the clock or a record."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from linkymonitor.daily_log.section import Settings as LogSettings
from linkymonitor.daily_log.writer import DailyLog
from linkymonitor.model.record import Contract, Record
from linkymonitor.model.terms import Mode
from linkymonitor.money.book import PriceBook
from linkymonitor.money.tariffs import Prices
from linkymonitor.state.today import Today
from linkymonitor.system.clock import WireClock
from linkymonitor.system.storage import Storage
from tests.support.figures import days
from tests.support.whole import Bench, frame

MORNING = datetime(2027, 1, 13, 9, 0, tzinfo=UTC)


class BootClock(WireClock):
    """A wall clock that a time service vouches for only when it says so."""

    vouched = True

    def synchronized(self, since):
        return self.vouched

    def trusted(self, not_before):
        return self.now() >= not_before

    def patience(self):
        return 600.0

    def kept(self):
        return False


def going_on(count, first):
    return [(2.0, frame(EJPHN=f"{first + 5 * number:09d}")) for number in range(count)]


def shown(bench):
    return dict(bench.appliance.today.ledger.totals().energy)


def on_the_page(folder, now):
    zone = ZoneInfo("Europe/Paris")
    day = now.astimezone(zone).date()
    (figures,) = days(folder, (day, day), tz=zone, prices=PriceBook(Prices()), now=now, storage=Storage())
    return {line.code: line.wh for line in figures.lines}


def counted_reads(bench):
    """Return a list that gets an entry each time that *bench* reads the day from the log."""
    reads, appliance = [], bench.appliance

    def day_so_far(*bounds):
        reads.append(bounds)
        return bench.log.day_so_far(*bounds)

    appliance.today = Today(appliance.today.ledger, appliance.timeline, day_so_far)
    return reads


@pytest.mark.parametrize("hours", [23, 16])
@pytest.mark.parametrize("vouched", [True, False])
def test_a_record_that_is_open_when_the_clock_is_set_is_shown_as_on_the_page(tmp_path, hours, vouched):
    clock = BootClock(MORNING)
    Bench(tmp_path, *going_on(40, 688000), clock=clock).run()
    clock = BootClock(clock.now() + timedelta(seconds=20))
    clock.vouched = vouched
    bench = Bench(tmp_path, *going_on(100, 688400), clock=clock)
    reads, heard = counted_reads(bench), []

    def set_the_clock(reading):
        heard.append(reading)
        if len(heard) == 5:
            clock.set(clock.now() + timedelta(hours=hours))
            clock.vouched = True

    bench.appliance.callbacks = [set_the_clock]
    bench.run()
    assert shown(bench) == on_the_page(tmp_path, clock.now())
    assert len(reads) <= 3


def test_a_log_from_later_today_is_not_read_again_for_each_record(tmp_path):
    Bench(tmp_path, *going_on(40, 688000), clock=WireClock(MORNING + timedelta(hours=5))).run()
    bench = Bench(tmp_path, *going_on(100, 688400), clock=WireClock(MORNING))
    reads = counted_reads(bench)
    bench.run()
    assert len(reads) == 1


@pytest.mark.parametrize("silence", [timedelta(minutes=5), timedelta(hours=9), timedelta(hours=40)])
def test_a_register_that_the_record_before_midnight_lacks_is_counted_as_on_the_page(tmp_path, silence):
    whole = Record(
        started_at=MORNING - timedelta(seconds=10),
        ended_at=MORNING,
        contract=Contract(
            mode=Mode.HISTORIQUE,
            option="EJP",
            registers=("HN", "PM"),
            subscribed_power=9000,
            phases=1,
            meter="041876543210",
        ),
        tariff_period="HN..",
        apparent_power=1000,
        indexes={"HN": 688000, "PM": 80072},
        frames=8,
    )
    eve = MORNING.replace(hour=22, minute=55)
    log = DailyLog(Storage(), LogSettings(dir=tmp_path), WireClock(eve), salt="pepper")
    for before, indexes in ((silence, whole.indexes), (timedelta(0), {"PM": 80072})):
        at = eve - before
        log.append(whole._replace(started_at=at - timedelta(seconds=10), ended_at=at, indexes=indexes))
    log.close()
    clock = WireClock(MORNING + timedelta(days=1))
    bench = Bench(tmp_path, *going_on(60, 691000), clock=clock).run()
    assert shown(bench) == on_the_page(tmp_path, clock.now())
    assert shown(bench)["HN"] > 1000
