"""The simulated house of a trial: its past, and how one run goes on from another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from linkymonitor.commands.trial_house import TrialHouse
from linkymonitor.daily_log.section import Settings
from linkymonitor.errors import LinkyMonitorError, UsageError
from linkymonitor.meter.meter import Meter
from linkymonitor.simulator.options import PARIS
from linkymonitor.system.clock import WireClock
from linkymonitor.system.storage import Storage
from tests.support.commands import log_text, records

DEMO = "sim:ejp,pv,seed=7"
#: 13:20 in Paris, when there are no EJP days.
NOW = datetime(2027, 7, 14, 11, 20, 3, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

pytestmark = pytest.mark.usefixtures("apart")


class Trial:
    """Runs of one folder at different times."""

    def __init__(self, folder) -> None:
        self.folder = folder
        self.said = []

    def run(
        self,
        spec: str = DEMO,
        *,
        now: datetime = NOW,
        past: int | None = 0,
        fresh: bool = False,
        stop=lambda: False,
    ):
        """Do what `run` does until the meter is live; return the house and its source."""
        house = TrialHouse(
            self.folder / "simulated",
            spec,
            None,
            settings=Settings(),
            lang="fr",
            storage=Storage(),
            clock=WireClock(now),
        )
        if house.folder.exists() and (why := house.begins_again(past, fresh=fresh)):
            self.said.append(str(why))
            house.make_room()
        house.log_dir.mkdir(parents=True, exist_ok=True)
        house.move_in(past)
        house.make_past(lambda made, days: None, stop)
        return house, *house.open()

    @property
    def records(self):
        return records(self.folder / "simulated" / "log")


@pytest.fixture
def trial(tmp_path):
    return Trial(tmp_path)


def leaps(found) -> list[int]:
    """The Wh by which the indexes of one record differ from those of the one before."""
    return [sum(after.indexes.values()) - sum(before.indexes.values()) for before, after in pairwise(found)]


def test_a_new_house_has_a_past_that_ends_now_and_nothing_is_in_the_future(trial):
    trial.run(past=1)
    found = trial.records
    assert found[0].ended_at.astimezone(PARIS) == datetime(2027, 7, 13, 0, 1, tzinfo=PARIS)
    assert NOW - timedelta(seconds=5) < found[-1].ended_at <= NOW
    assert all(before.ended_at <= after.started_at for before, after in pairwise(found))
    assert min(leaps(found)) >= 0
    assert max(leaps(found)) < 200
    assert not log_text(trial.folder / "simulated" / "log").count("Serie:")


def test_a_load_starts_and_stops_soon_after_the_start(trial):
    _, source, _ = trial.run(past=0)
    powers = [source.house.truth(NOW + timedelta(seconds=n)).active_power for n in range(31)]
    steps = [after - before for before, after in pairwise(powers) if abs(after - before) > 1500]
    assert len(steps) == 2
    assert steps[0] > 0 > steps[1]


def test_a_second_run_makes_what_is_missing_and_its_indexes_go_on(trial):
    trial.run(past=0)
    first = trial.records
    _, source, _ = trial.run(now=NOW + DAY + HOUR)
    found = trial.records
    assert found[: len(first)] == first
    assert max(after.started_at - before.ended_at for before, after in pairwise(found)) <= timedelta(
        seconds=60
    )
    assert min(leaps(found)) >= 0
    assert max(leaps(found)) < 200
    live = source.house.truth(NOW + DAY + HOUR)
    assert 0 <= sum(live.indexes.values()) - sum(found[-1].indexes.values()) < 20
    assert trial.said == []


def test_a_past_that_was_stopped_is_whole_and_the_next_run_makes_the_rest(trial, tmp_path):
    count = iter(range(10_000))
    trial.run(past=0, stop=lambda: next(count) > 300)
    part = trial.records
    assert 300 < len(part) < 310
    trial.run(past=0)
    other = Trial(tmp_path / "other")
    other.run(past=0)
    assert [record.ended_at for record in trial.records] == [record.ended_at for record in other.records]
    assert max(leaps(trial.records)) < 200


def test_a_house_begins_again_when_it_is_told_to_and_the_former_one_is_kept_aside(trial):
    trial.run(past=0)
    first = trial.records
    trial.run(now=NOW + DAY, past=0, fresh=True)
    assert trial.records[0].ended_at.astimezone(PARIS).date() == (NOW + DAY).date()
    assert records(trial.folder / "simulated.before" / "log") == first
    trial.run(now=NOW + DAY, past=0, fresh=True)
    assert len(list(trial.folder.iterdir())) == 2


def test_the_days_of_the_past_are_counted_by_the_calendar(trial):
    """From summer to winter time there is an hour more."""
    now, seen = datetime(2026, 11, 27, 22, 40, tzinfo=UTC), []
    house = TrialHouse(
        trial.folder / "other",
        DEMO,
        None,
        settings=Settings(),
        lang="fr",
        storage=Storage(),
        clock=WireClock(now),
    )
    house.log_dir.mkdir(parents=True)
    house.move_in(40)
    house.make_past(lambda made, days: seen.append((made, days)), lambda: True)
    assert seen == [(0, 41)]


def test_a_past_of_other_days_has_the_house_begin_again(trial):
    trial.run(past=0)
    trial.run(past=None)
    assert trial.said == []
    trial.run(past=1)
    assert trial.said == ["La maison a 0 jour de passé"]


def test_another_house_makes_the_former_one_make_room(trial):
    trial.run(past=0)
    trial.run("sim:tempo,seed=3", past=0)
    assert trial.said == ["Une autre maison était là (ejp,pv,seed=7)"]
    assert {record.contract.option for record in trial.records} == {"TEMPO"}


def test_a_house_that_was_simulated_in_another_way_begins_again(trial, monkeypatch):
    """A newer version of the simulator may draw other loads: its indexes would leap."""
    monkeypatch.setattr("linkymonitor.commands.trial_house.PAST", 2)
    trial.run(past=0)
    facts = trial.folder / "simulated" / "log" / "trial.json"
    facts.write_text(facts.read_text().replace('"2027-07-14"', '"2027-07-10"', 1))
    trial.run(past=None, now=NOW + HOUR)
    assert trial.said == ["La maison a été simulée autrement"]


def test_a_log_that_is_ahead_of_the_clock_is_refused(trial):
    trial.run(past=0, now=NOW + DAY)
    with pytest.raises(
        LinkyMonitorError, match=r"va jusqu'au 15 juillet 2027 à 11:20 UTC, après l'heure .* --fresh"
    ):
        trial.run(past=0, now=NOW)
    trial.run(past=0, now=NOW, fresh=True)
    assert trial.records[-1].ended_at <= NOW


def test_a_log_that_is_not_of_a_trial_is_left_alone(trial):
    trial.run(past=0)
    (trial.folder / "simulated" / "log" / "trial.json").unlink()
    with pytest.raises(UsageError, match="ce journal n'est pas d'un essai ; nommez un autre dossier"):
        trial.run(past=0, fresh=True)
    assert trial.records


@pytest.mark.parametrize(
    ("spec", "begins"),
    [
        ("sim:hc,day=2026-01-13,at=19:25", datetime(2026, 1, 13, 19, 25, tzinfo=PARIS)),
        ("sim:hc,at=09:00", datetime(2027, 7, 14, 9, tzinfo=PARIS)),
        ("sim:hc,at=19:00", datetime(2027, 7, 13, 19, tzinfo=PARIS)),
        ("sim:hc,duration=2h,speed=max", NOW.replace(microsecond=0) - 2 * HOUR),
        ("sim:hc,duration=1h,speed=60", NOW.replace(microsecond=0) - HOUR),
    ],
)
def test_a_house_at_another_time_has_a_clock_of_its_own_and_never_the_future(trial, spec, begins):
    house, _, clock = trial.run(spec, past=0)
    assert clock.now() - begins < timedelta(seconds=1)
    assert house.now() - begins < timedelta(seconds=1)
    assert trial.records[-1].ended_at <= begins
    trial.run(spec, past=0)
    assert trial.said == ["La maison recommence"]


def test_a_house_that_would_run_into_the_future_is_refused(trial):
    with pytest.raises(
        UsageError, match="irait plus vite que le temps, donc dans l'avenir ; ajoutez duration=1h ou day="
    ):
        trial.run("sim:hc,speed=max")


def test_the_live_meter_begins_with_the_next_frame_of_the_past(trial):
    _, source, clock = trial.run("sim:ejp,pv,seed=7,duration=1m,speed=max", past=0)
    meter, readings = Meter(source, clock, source.mode), []
    while (frames := meter.frames(1.0)) is not None:
        readings += [heard.reading for heard in frames if heard.reading is not None]
    step = sum(readings[0].indexes.values()) - sum(trial.records[-1].indexes.values())
    assert 0 <= step < 20
    assert clock.now() <= NOW + timedelta(seconds=2)


def test_a_folder_of_a_meter_refuses_a_house(trial):
    trial.run(past=0)
    facts = trial.folder / "simulated" / "log" / "trial.json"
    facts.write_text(facts.read_text().replace("simulated", "meter", 1))
    with pytest.raises(UsageError, match="ce journal est celui d'un compteur ; pour une maison simulée"):
        trial.run(past=0)


def test_facts_that_cannot_be_read_have_the_house_begin_again(trial):
    trial.run(past=0)
    facts = trial.folder / "simulated" / "log" / "trial.json"
    facts.write_text(facts.read_text().replace("since", "sunce", 1))
    trial.run(past=0)
    assert trial.said == ["Une autre maison était là (ejp,pv,seed=7)"]
