"""Indexes that begin anew: compares the appliance, its log and the report with the truth in the simulated house."""

# The frames of a day come in three windows, around midnight, noon and evening. The change is at noon,
# and the indexes have the energy between the windows. The truth is that of the house at the very instants of
# the frames, so the comparison is to the Wh. Acceptance decides with which frame after the change the log begins,
# so that instant alone is read from the log.

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest

from linkymonitor.appliance import Appliance
from linkymonitor.daily_log.files import records
from linkymonitor.daily_log.search import last_before
from linkymonitor.daily_log.section import Settings as LogSettings
from linkymonitor.daily_log.writer import DailyLog
from linkymonitor.live.latest import Latest
from linkymonitor.meter.meter import Meter
from linkymonitor.model.record import Record
from linkymonitor.money.book import PriceBook
from linkymonitor.money.tariffs import Prices
from linkymonitor.report.day import DayFigures
from linkymonitor.report.range import as_json
from linkymonitor.simulator.house import House
from linkymonitor.simulator.options import parse_spec
from linkymonitor.state.aggregate import Aggregator
from linkymonitor.state.ledger import Ledger
from linkymonitor.system.clock import WireClock
from linkymonitor.system.storage import Storage
from linkymonitor.tic.frame import InfoGroup
from tests.support.fakes import Bytes
from tests.support.figures import days
from tests.support.pairs import pairs
from tests.support.tally import tally
from tests.support.truth import PARIS, local

pytestmark = pytest.mark.campaign

DAY = date(2026, 1, 13)
EVE, MORROW = DAY - timedelta(days=1), DAY + timedelta(days=1)
ROLL_OVER = 1_000_000_000
#: The time between two frames of a window: acceptance does not compare frames that are so far apart.
EVERY = 55
#: How many frames must agree before acceptance takes another meter, contract or step of an index.
FIRM = 5


class Odd(House):
    """A house whose meter sends its indexes *shifted*, and other data for some labels."""

    def __init__(self, spec: str, shift: int = 0, says: dict[str, str] | None = None) -> None:
        super().__init__(parse_spec(f"{spec},day={EVE},every={EVERY}s"))
        self.shift = shift
        self._says = says or {}
        made = self._groups
        self._groups = lambda truth: [self._said(group) for group in made(truth)]

    def _said(self, group: InfoGroup) -> InfoGroup:
        if group.label in self._says:
            return group._replace(data=self._says[group.label])
        if self.shift and group.label in SHIFTED:
            return group._replace(data=f"{(int(group.data) + self.shift) % ROLL_OVER:09d}")
        return group


#: Contract → the register that is shifted, together with the total.
RESET = {
    "TH": ("BASE", "EASF01"),
    "HP": ("HCHP", "EASF02"),
    "PM": ("EJPHPM", "EASF02"),
    "HPJB": ("BBRHPJB", "EASF02"),
}
SHIFTED = {"EAST"}.union(*RESET.values())


@dataclass
class Frames:
    """The frames of one meter, with the end of each."""

    house: House
    at: list[datetime] = field(default_factory=list)

    def energy(self, since: datetime | None = None) -> dict[str, int]:
        """Return the true energy of each register, from the frame that ended at *since* (the first) to the last."""
        first = self.at[0] if since is None else min(self.at, key=lambda one: abs(one - since))
        before, after = self.said(first), self.said(self.at[-1])
        return {code: wh - before[code] for code, wh in after.items()}

    def said(self, ended: datetime) -> dict[str, int]:
        return dict(self.house.truth(self.began[ended]).indexes)

    began: dict[datetime, datetime] = field(default_factory=dict)


class Life:
    """An appliance in *folder*, and the frames that it got."""

    def __init__(self, folder, start: datetime) -> None:
        self.folder = folder
        self.clock = WireClock(start)
        self.ledger = Ledger(PARIS)
        self.heard: dict[int, Frames] = {}
        self._ended = start

    def window(self, house: House, begin: datetime, end: datetime) -> list[tuple[float, bytes]]:
        heard = self.heard.setdefault(id(house), Frames(house))
        house.skip_to(begin)
        chunks = []
        for at, wire in house.frames(end):
            ended = at + timedelta(seconds=len(wire) * 10 / house.options.mode.speed)
            chunks.append(((ended - self._ended).total_seconds(), wire))
            heard.at.append(ended)
            heard.began[ended] = at
            self._ended = ended
        return chunks

    def run(self, house: House, chunks: list[tuple[float, bytes]]) -> None:
        storage = Storage()
        run = self.folder / "run"
        run.mkdir(exist_ok=True)
        log = DailyLog(storage, LogSettings(dir=self.folder), self.clock, salt="pepper")
        self.ledger = Ledger(PARIS)
        midnight = local(self.clock.now().astimezone(PARIS).date())
        before = last_before(self.folder, midnight)
        self.ledger.restore([before] if before else [])
        self.ledger.restore(records(self.folder, midnight + timedelta.resolution, self.clock.now()))
        Appliance(
            meter=Meter(Bytes(self.clock, chunks, house.options.mode), self.clock),
            clock=self.clock,
            log=log,
            aggregator=Aggregator(1),
            ledger=self.ledger,
            latest=Latest(storage, run),
        ).run()

    @property
    def records(self) -> list[Record]:
        return list(records(self.folder, local(EVE), local(MORROW)))


def figures_of(folder, now: datetime) -> tuple[dict[str, int], DayFigures]:
    """Return the energy of DAY by register as `report --json` prints it, and the day."""
    common = {"tz": PARIS, "prices": PriceBook(Prices()), "now": now, "storage": Storage()}
    figures = as_json(folder, (DAY, DAY), **common)
    (day,) = days(folder, (DAY, DAY), **common)
    energy = {code: part["wh"] for code, part in figures["periods"].items()}
    assert sum(energy.values()) == figures["consumed"]["wh"]
    return energy, day


def used(energy) -> dict[str, int]:
    return {code: wh for code, wh in energy.items() if wh}


def add(*parts: dict[str, int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in parts:
        for code, wh in part.items():
            found[code] = found.get(code, 0) + wh
    return found


def live(folder, old: House, new: House, *, gap: bool = False, restart: bool = False) -> Life:
    """Run through DAY with *old* until noon and *new* from then on.

    Args:
        folder: the folder of the log.
        old: the house before noon.
        new: the house after noon; *old* itself when only its frames change.
        gap: True when no frame comes from 11:00 to 13:00.
        restart: True when another appliance begins at noon.
    """
    life = Life(folder, local(EVE, "23:50"))
    noon_ends, noon_begins = local(DAY, "11:00" if gap else "12:00"), local(DAY, "13:00" if gap else "12:00")
    before = [
        *life.window(old, local(EVE, "23:52"), local(DAY, "00:05")),
        *life.window(old, noon_ends - timedelta(minutes=8), noon_ends),
    ]
    if restart:
        life.run(old, before)
        before = []
    after = [
        *life.window(new, noon_begins, noon_begins + timedelta(minutes=12)),
        *life.window(new, local(DAY, "23:40"), local(DAY, "23:50")),
    ]
    life.run(new, before + after)
    return life


def midnight_frame(frames: Frames) -> datetime:
    """Return the last frame before midnight: its indexes are those of the record of midnight."""
    return max(at for at in frames.at if at <= local(DAY))


METERS = [
    pytest.param("historique,ejp,seed=7", id="historique"),
    pytest.param("historique,hc,tri,seed=7", id="three phases"),
    pytest.param("standard,tempo,seed=7", id="standard"),
    pytest.param("standard,hc,tri,producer,seed=7", id="producer"),
]
GAPS = [pytest.param(False, id="heard"), pytest.param(True, id="in a gap")]


def check_epoch(life: Life, old: House, new: House, contract: bool, reset: str = "") -> None:
    """Check that the energy before and after noon is counted to the Wh, and none across noon."""
    first, second = life.heard[id(old)], life.heard[id(new)]
    noon = local(DAY, "12:00")
    energy, day = figures_of(life.folder, life.clock.now())
    (moment,) = day.breaks
    assert moment.contract == contract
    begun = datetime.fromtimestamp(moment.at, PARIS)
    place = min(range(len(second.at)), key=lambda at: abs(second.at[at] - begun))
    assert abs(second.at[place] - begun) < timedelta(seconds=2)
    assert noon <= begun
    assert place <= FIRM
    expected = add(first.energy(midnight_frame(first)), second.energy(begun))
    if not contract and place:
        # Until the step is accepted, registers that were not reset may go on; groups held with the step are lost.
        doubted = {
            code: wh - first.said(first.at[-1])[code]
            for code, wh in second.said(second.at[place - 1]).items()
        }
        for code, wh in doubted.items():
            extra = energy.get(code, 0) - expected[code]
            assert 0 <= extra <= (0 if code == reset else wh)
            expected[code] += extra
    assert used(energy) == used(expected)
    assert used(life.ledger.totals().energy) == used(expected)
    assert all(abs(hour.wh) < 9000 for hour in day.hours)


@pytest.fixture(autouse=True)
def _tallied():
    yield
    tally("another meter, contract, index or mode at noon", 1, note="energy to the Wh", quiet=True)


@pytest.mark.parametrize(("spec", "gap"), pairs(METERS, GAPS))
def test_another_meter(tmp_path, spec, gap):
    old, new = Odd(spec), Odd(spec.replace("seed=7", "seed=8"))
    check_epoch(live(tmp_path, old, new, gap=gap), old, new, contract=True)


@pytest.mark.parametrize(
    ("before", "after", "gap"),
    pairs(
        [
            pytest.param("historique,hc", "historique,base", id="HC to BASE"),
            pytest.param("historique,ejp", "historique,tempo", id="EJP to TEMPO"),
            pytest.param("standard,hc,tri", "standard,base,tri", id="standard"),
            pytest.param("standard,ejp,producer", "standard,tempo,producer", id="producer"),
        ],
        GAPS,
    ),
)
def test_another_contract(tmp_path, before, after, gap):
    old, new = Odd(f"{before},seed=7"), Odd(f"{after},seed=7")
    check_epoch(live(tmp_path, old, new, gap=gap), old, new, contract=True)


@pytest.mark.parametrize(("spec", "gap"), pairs(METERS, GAPS))
def test_an_index_that_is_reset(tmp_path, spec, gap):
    old, new = Odd(spec), Odd(spec)
    truth = new.truth(local(DAY, "12:00"))
    code = next(code for code in truth.indexes if code in RESET)
    new.shift = -truth.indexes[code]
    check_epoch(live(tmp_path, old, new, gap=gap), old, new, contract=False, reset=code)


def whole(life: Life, *houses: House) -> dict[str, int]:
    """Return the true energy of the day from midnight to the last frame; none may be lost at noon."""
    first, last = life.heard[id(houses[0])], life.heard[id(houses[-1])]
    before, after = first.said(midnight_frame(first)), last.said(last.at[-1])
    return {code: after[code] - before[code] for code in before}


def check_whole(life: Life, *houses: House) -> DayFigures:
    energy, day = figures_of(life.folder, life.clock.now())
    assert used(energy) == used(whole(life, *houses))
    assert used(life.ledger.totals().energy) == used(energy)
    assert day.breaks == ()
    return day


@pytest.mark.parametrize(("spec", "gap"), pairs(METERS, GAPS))
def test_a_roll_over_is_counted_through(tmp_path, spec, gap):
    house = Odd(spec)
    indexes = house.truth(local(DAY, "11:58")).indexes
    house.shift = ROLL_OVER - 1 - next(wh for code, wh in indexes.items() if code in RESET)
    day = check_whole(live(tmp_path, house, house, gap=gap), house)
    assert all(a <= b for column in day.curve.indexes.values() for a, b in pairwise(column))


@pytest.mark.parametrize(
    ("spec", "says", "gap"),
    pairs(
        [
            pytest.param("historique,ejp,seed=7", {"ISOUSC": "30"}, id="historique"),
            pytest.param("historique,hc,tri,seed=7", {"ISOUSC": "15"}, id="three phases"),
            pytest.param("standard,tempo,seed=7", {"PREF": "06", "PCOUP": "06"}, id="standard"),
        ],
        GAPS,
    ),
)
def test_another_subscribed_power_loses_nothing(tmp_path, spec, says, gap):
    """The registers are the same, so no epoch ends."""
    old, new = Odd(spec), Odd(spec, says=says)
    life = live(tmp_path, old, new, gap=gap)
    check_whole(life, old, new)
    powers = {row.contract.subscribed_power for row in life.records if row.contract}
    assert len(powers) == 2


@pytest.mark.parametrize(
    ("kind", "gap"),
    # In this order the short form, too, has each contract and each number of phases, with a gap.
    pairs(
        ["base,mono", "base,tri", "hc,tri", "hc,mono", "ejp,mono", "ejp,tri", "tempo,tri", "tempo,mono"], GAPS
    ),
)
def test_another_mode_loses_nothing_where_the_names_agree(tmp_path, kind, gap):
    old, new = (Odd(f"{mode},{kind},seed=7") for mode in ("historique", "standard"))
    check_whole(live(tmp_path, old, new, gap=gap, restart=True), old, new)


def test_another_mode_that_names_the_contract_otherwise_is_an_epoch(tmp_path):
    old, new = Odd("historique,hc,seed=7"), Odd("standard,hc,seed=7", says={"NGTF": "  OFFRE DU JOUR "})
    life = live(tmp_path, old, new, restart=True)
    energy, day = figures_of(life.folder, life.clock.now())
    first, second = life.heard[id(old)], life.heard[id(new)]
    named = {f"F{n:02}": wh for n, wh in enumerate(second.energy().values(), 1)}
    assert used(energy) == used(add(first.energy(midnight_frame(first)), named))
    assert used(life.ledger.totals().energy) == used(energy)
    assert [change.contract for change in day.breaks] == [True]


def test_what_is_injected_is_counted_on_both_sides(tmp_path):
    """The index of injection begins anew with the other indexes."""
    old, new = Odd("standard,base,producer,seed=7"), Odd("standard,base,producer,seed=8")
    life = live(tmp_path, old, new)
    _, day = figures_of(life.folder, life.clock.now())
    first, second = life.heard[id(old)], life.heard[id(new)]
    begun = datetime.fromtimestamp(day.breaks[0].at, PARIS)
    start = min(second.at, key=lambda at: abs(at - begun))

    def injected(frames: Frames, since: datetime, until: datetime) -> int:
        since, until = (frames.house.truth(frames.began[at]).injected_index for at in (since, until))
        return until - since

    expected = injected(first, midnight_frame(first), first.at[-1]) + injected(second, start, second.at[-1])
    assert day.injected is not None
    assert (day.injected.wh, day.injected.estimated) == (expected, False)


def test_nothing_is_taken_for_an_epoch_that_fewer_frames_say(tmp_path):
    """One to four frames of another meter come in between."""
    house, other = Odd("historique,ejp,seed=7"), Odd("historique,ejp,seed=8")
    life = Life(tmp_path, local(EVE, "23:50"))
    chunks = life.window(house, local(EVE, "23:52"), local(DAY, "00:05"))
    noon = local(DAY, "12:00")
    for count in range(1, FIRM):
        begin = noon + timedelta(hours=count)
        chunks += life.window(house, begin, begin + timedelta(minutes=10))
        chunks += life.window(
            other, begin + timedelta(minutes=11), begin + timedelta(minutes=11, seconds=EVERY * count - 1)
        )
    chunks += life.window(house, local(DAY, "20:00"), local(DAY, "20:10"))
    life.run(house, chunks)
    check_whole(life, house)


def test_a_day_so_far_is_the_same_live_and_in_the_report(tmp_path):
    """Frames at the full pace of the line, eight frames a record, with a silence over midnight."""
    house = House(replace(Odd("historique,hc,seed=7").options, every=None))
    life = Life(tmp_path, local(EVE, "23:30"))
    chunks = life.window(house, local(EVE, "23:30"), local(EVE, "23:33"))
    chunks += life.window(house, local(DAY, "01:10"), local(DAY, "01:14"))
    chunks += life.window(house, local(DAY, "06:58"), local(DAY, "07:01"))
    life.run(house, chunks)
    energy, day = figures_of(life.folder, life.clock.now())
    assert day.quality.gaps[0].shared
    assert used(life.ledger.totals().energy) == used(energy) != {}
