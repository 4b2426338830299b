"""One clock for the house: display, log and counts have the same time, whatever the wall clock does."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from linkymonitor.appliance import Appliance
from linkymonitor.daily_log.section import Settings as LogSettings
from linkymonitor.daily_log.writer import DailyLog
from linkymonitor.live.latest import Latest
from linkymonitor.meter.meter import Meter
from linkymonitor.model.reading import Reading
from linkymonitor.model.terms import Mode
from linkymonitor.money.book import PriceBook
from linkymonitor.money.tariffs import Prices
from linkymonitor.outputs.display import oled
from linkymonitor.outputs.hardware import Hardware
from linkymonitor.report.range import as_json
from linkymonitor.state.aggregate import Aggregator
from linkymonitor.state.ledger import Ledger
from linkymonitor.system.disk import SystemDisk
from linkymonitor.system.storage import Storage
from linkymonitor.tic.encoder import write_frame
from linkymonitor.tic.frame import Frame, InfoGroup
from tests.campaigns.test_clocks import PAST, Machine
from tests.support.fakes import Bytes
from tests.support.truth import PARIS

EVE = datetime(2026, 12, 1, 20, 50, tzinfo=UTC)
MORNING = datetime(2026, 12, 2, 7, 0, tzinfo=UTC)
DAY = date(2026, 12, 2)
OLD = (
    ("ADCO", "041876543210"),
    ("OPTARIF", "BASE"),
    ("ISOUSC", "45"),
    ("BASE", "000100000"),
    ("PTEC", "TH.."),
    ("IINST", "001"),
    ("PAPP", "00300"),
    ("MOTDETAT", "000000"),
)


def old_frame(wh: int) -> bytes:
    groups = (InfoGroup(label, f"{wh:09}" if label == "BASE" else data) for label, data in OLD)
    return write_frame(Frame(tuple(groups)), Mode.HISTORIQUE, parity=True)


def new_frame(wh: int, clock: datetime, *, degraded: bool = False) -> bytes:
    shown = clock.astimezone(PARIS)
    season = "E" if shown.dst() else "H"
    horodate = f"{season.lower() if degraded else season}{shown:%y%m%d%H%M%S}"
    groups = (
        InfoGroup("ADSC", "041876543210"),
        InfoGroup("VTIC", "02"),
        InfoGroup("DATE", "", horodate),
        InfoGroup("NGTF", "BASE"),
        InfoGroup("LTARF", "BASE"),
        InfoGroup("EAST", f"{wh:09}"),
        InfoGroup("EASF01", f"{wh:09}"),
        InfoGroup("IRMS1", "001"),
        InfoGroup("URMS1", "230"),
        InfoGroup("PREF", "09"),
        InfoGroup("PCOUP", "09"),
        InfoGroup("SINSTS", "00300"),
        InfoGroup("STGE", "003A0001"),
        InfoGroup("NTARF", "01"),
    )
    return write_frame(Frame(groups), Mode.STANDARD, parity=True)


class Home:
    """A folder with a log, and the boots of one machine that writes there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "run").mkdir()
        self.storage = Storage()
        self.shown: list[str] = []
        #: The content of latest.json at each reading, and the reading itself.
        self.latest: list[str | None] = []
        self.readings: list[Reading] = []

    def live(
        self,
        machine: Machine,
        chunks: list[tuple[float, bytes]],
        mode: Mode = Mode.HISTORIQUE,
        *,
        display: bool = False,
    ) -> Ledger:
        """Run a whole appliance on *chunks* and *machine*; return its ledger."""
        storage, ledger = self.storage, Ledger(PARIS)
        log = DailyLog(storage, LogSettings(dir=self.folder), machine, salt="pepperpepperpepp")
        hardware = Hardware(
            terminal=lambda image: self.shown.append("\n".join(image.info["text"])),
            clock=machine,
            timeline=log.timeline,
        )
        settings = oled.Settings(pages=("today",), size=oled.Size.TALL)
        Appliance(
            meter=Meter(Bytes(machine, chunks, mode), machine),
            clock=machine,
            log=log,
            aggregator=Aggregator(8),
            ledger=ledger,
            latest=Latest(storage, self.folder / "run"),
            outputs=[oled.Output(settings, hardware)] if display else [],
            callbacks=[self._note],
        ).run()
        return ledger

    def _note(self, reading: Reading) -> None:
        self.readings.append(reading)
        self.latest.append(json.loads((self.folder / "run/latest.json").read_text())["taken_at"])

    def reported(self, day: date = DAY) -> int:
        """Return the Wh of *day* on the page of the report."""
        now = datetime.combine(day + timedelta(days=1), datetime.min.time(), UTC)
        figures = as_json(
            self.folder, (day, day), tz=PARIS, prices=PriceBook(Prices()), now=now, storage=Storage()
        )
        return int(figures["consumed"]["wh"])

    def text(self) -> str:
        return "".join(path.read_text() for path in sorted(self.folder.glob("*.log")))


@pytest.fixture
def home(tmp_path):
    """A home whose log ends at ten in the evening, index 100,037; the power goes, and is back at eight."""
    home = Home(tmp_path)
    evening = Machine(EVE)
    evening.serve()
    home.live(evening, [(15.0, old_frame(100_000 + number)) for number in range(38)])
    home.latest.clear()
    home.readings.clear()
    return home


def at(machine: Machine, seconds: float, act: Callable[[], object]) -> None:
    machine.script.append((machine.monotonic() + seconds, act))


@pytest.mark.parametrize(
    "wall",
    [
        pytest.param(MORNING, id="right"),
        pytest.param(EVE + timedelta(minutes=10), id="where the power left it"),
        pytest.param(EVE - timedelta(minutes=40), id="as saved an hour before"),
        pytest.param(PAST, id="1970"),
        pytest.param(MORNING + timedelta(days=400), id="ahead"),
    ],
)
def test_the_energy_of_today_is_that_of_the_report_however_wrong_the_clock_was_at_the_boot(home, wall):
    machine = Machine(MORNING)
    machine.show(wall)
    at(machine, 61.0, machine.serve)
    ledger = home.live(machine, [(2.0, old_frame(103_000 + number // 8)) for number in range(330)])
    (wh,) = ledger.totals().energy.values()
    assert wh == home.reported()
    assert 2400 < wh < 2420


def test_nothing_has_a_date_until_the_time_is_known(home):
    machine = Machine(MORNING)
    machine.show(EVE + timedelta(minutes=10))
    at(machine, 61.0, machine.serve)
    home.live(machine, [(2.0, old_frame(103_000 + number // 8)) for number in range(60)], display=True)
    shown = home.shown[1:]  # the first one waits for the meter
    before = [text for text in shown if "--:--" in text]
    assert before
    assert shown[: len(before)] == before
    assert all("08:0" in text for text in shown[len(before) :])
    waited = [reading for reading in home.readings if not reading.dated]
    assert len(waited) == 30
    assert home.latest[:30] == [None] * 30
    assert home.latest[30:] == [reading.taken_at.isoformat() for reading in home.readings[30:]]
    assert all(abs(reading.taken_at - MORNING) < timedelta(minutes=3) for reading in home.readings[30:])


@pytest.mark.parametrize("by", [timedelta(minutes=4), timedelta(hours=-3), timedelta(hours=-10)], ids=str)
def test_the_energy_of_today_follows_a_step_of_the_time(home, by):
    """No time service is installed, so the wall clock is accepted, until a time service sets it after all.

    Where the clock goes back, the report leaves out records with a repeated stamp, and has their energy later.
    """
    machine = Machine(MORNING)
    machine.wait = 0.0
    machine.stray(by)
    at(machine, 333.0, machine.serve)
    ledger = home.live(machine, [(2.0, old_frame(103_000 + number // 8)) for number in range(330)])
    (wh,) = ledger.totals().energy.values()
    assert abs(wh - home.reported()) <= 1
    assert home.readings[-1].taken_at == machine.truth


def test_the_energy_of_a_day_that_the_clock_had_wrong_is_not_that_of_today(home):
    machine = Machine(MORNING)
    machine.wait = 0.0
    machine.stray(timedelta(days=3))
    at(machine, 333.0, machine.serve)
    ledger = home.live(machine, [(2.0, old_frame(103_000 + number // 8)) for number in range(330)])
    assert "l'heure recule de 2 j 23:59" in home.text()
    (wh,) = ledger.totals().energy.values()
    assert abs(wh - home.reported()) <= 1


def meter_at(home: Home, machine: Machine, off: timedelta, count: int = 300, **how: bool) -> Ledger:
    """Run with a standard meter whose clock is *off* by that much."""
    truth = machine.truth
    chunks = [
        (2.0, new_frame(5_000 + number // 8, truth + off + timedelta(seconds=2 * number), **how))
        for number in range(count)
    ]
    return home.live(machine, chunks, Mode.STANDARD)


@pytest.mark.parametrize("service", [True, False])
def test_a_meter_whose_clock_is_hours_off_is_not_followed_and_told_of_once(tmp_path, service):
    home, machine = Home(tmp_path), Machine(MORNING)
    if service:
        machine.serve()
    meter_at(home, machine, timedelta(hours=3, minutes=30), 400)
    assert home.readings[-1].taken_at == machine.truth
    assert home.readings[-1].dated
    assert home.text().count("Horloge du compteur : en avance de 3:29:58 sur celle de la machine") == 1
    assert "l'heure avance" not in home.text()


def test_a_meter_sets_the_time_of_a_machine_that_is_years_behind(tmp_path):
    home, machine = Home(tmp_path), Machine(MORNING)
    machine.show(PAST)
    meter_at(home, machine, timedelta(0), 30)
    assert not home.readings[0].dated
    assert all(reading.dated for reading in home.readings[1:])
    assert abs(home.readings[-1].taken_at - machine.truth) <= timedelta(seconds=3)
    assert "Horloge du compteur" not in home.text()


def test_records_end_at_the_half_hours_of_the_house_and_not_of_a_wall_clock_that_stays_wrong(tmp_path):
    home, machine = Home(tmp_path), Machine(MORNING - timedelta(minutes=5))
    machine.show(PAST)
    meter_at(home, machine, timedelta(seconds=1), 300)
    assert f"{MORNING:%Y/%m/%d %H:%M:%S}\tDATA" in home.text()


def test_a_meter_whose_clock_is_degraded_sets_no_time(tmp_path):
    home, machine = Home(tmp_path), Machine(MORNING)
    machine.show(PAST)
    meter_at(home, machine, timedelta(days=-3), 60, degraded=True)
    assert not any(reading.dated for reading in home.readings)
    assert home.latest == [None] * len(home.readings)


def test_the_time_of_a_meter_in_winter_and_in_summer_is_one(tmp_path):
    """A horodate has the letter of the season, so the hour that comes twice is no step."""
    home = Home(tmp_path)
    machine = Machine(datetime(2027, 10, 31, 0, 55, tzinfo=UTC))
    machine.serve()
    meter_at(home, machine, timedelta(0), 300)
    assert "Horloge" not in home.text()


class WornCard(SystemDisk):
    """A card that cannot read the file of the eve."""

    def open(self, path: str, flags: int, mode: int = 0) -> int:
        if path.endswith("2026_12_01_linkymonitor.log"):
            raise OSError(errno.EIO, os.strerror(errno.EIO), path)
        return super().open(path, flags, mode)


def test_a_log_that_cannot_be_read_is_told_and_the_day_begins_where_it_can(home):
    machine = Machine(MORNING)
    machine.serve()
    home.storage = Storage(WornCard())
    ledger = home.live(machine, [(2.0, old_frame(103_000 + number // 8)) for number in range(60)])
    assert ledger.totals().energy == {"TH": 7}
    lines = (home.folder / "2026_12_02_linkymonitor.log").read_text().splitlines()
    assert sum("\tWARN\t" in line and "2026_12_01_linkymonitor.log" in line for line in lines) == 1
