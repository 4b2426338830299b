"""The contract journal: what the meter says beside its contract, in the log at each change and in the report."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from linkymonitor.daily_log.section import Settings as LogSettings
from linkymonitor.daily_log.statements import format_contract, parse_contract, parse_grid
from linkymonitor.daily_log.writer import DailyLog
from linkymonitor.model.reading import Reading
from linkymonitor.model.record import Contract, Record
from linkymonitor.model.terms import Mode
from linkymonitor.money.book import PriceBook
from linkymonitor.money.tariffs import Prices
from linkymonitor.report.words import Words
from linkymonitor.state.contract import NAMED, Journal
from linkymonitor.system.clock import WireClock
from linkymonitor.system.storage import Storage
from linkymonitor.tic.day_profile import read_day_profile
from tests.support.figures import days
from tests.support.truth import PARIS, local

DAY = date(2026, 1, 13)
HISTORIQUE = Contract(
    mode=Mode.HISTORIQUE,
    option="HC",
    registers=("HC", "HP"),
    subscribed_power=9000,
    phases=1,
    meter="012345678901",
)
STANDARD = HISTORIQUE._replace(mode=Mode.STANDARD)
OFFER = STANDARD._replace(option="OFFRE", registers=("F01", "F02"))
NOON = local(DAY, "12:00")
PROFILE = "0000C001 06008002 2200C001 NONUTILE"


def reading(at: datetime = NOON, contract: Contract | None = HISTORIQUE, **values: object) -> Reading:
    values = {name.replace("_plus_", "+"): value for name, value in values.items()}
    mode = contract.mode if contract else Mode.HISTORIQUE
    return Reading(taken_at=at, mode=mode, contract=contract, values=values)


def said(journal: Journal, *readings: Reading) -> list[str]:
    """Return the texts of the notes that *readings* cause."""
    return [text for one in readings for _, text in journal.update(one)]


def profile(text: str = PROFILE):
    return read_day_profile(text)


def test_off_peak_hours_are_noted_when_two_frames_agree():
    journal = Journal()
    assert said(journal, reading(HHPHC="A")) == []
    assert said(journal, reading(HHPHC="A")) == ["Grille: heures=A"]
    assert said(journal, reading(HHPHC="A"), reading(HHPHC="C"), reading(HHPHC="A")) == []
    assert said(journal, reading(HHPHC="C"), reading(HHPHC="C")) == ["Grille: heures=C"]


def test_a_frame_that_lost_the_group_does_not_disagree():
    assert said(Journal(), reading(HHPHC="A"), reading(), reading(HHPHC="A")) == ["Grille: heures=A"]


@pytest.mark.parametrize(
    ("contract", "text"),
    [
        pytest.param(STANDARD, "00:00 HC; 06:00 HP; 22:00 HC", id="named"),
        pytest.param(OFFER, "00:00 F01; 06:00 F02; 22:00 F01", id="numbered"),
    ],
)
def test_the_timetable_names_the_registers_as_the_log_does(contract, text):
    frames = [reading(contract=contract, PJOURF_plus_1=profile())] * 2
    assert said(Journal(), *frames) == [f"Grille: demain={text}"]


def test_names_of_periods_gather_as_they_come_into_force():
    journal = Journal()
    off, on = (
        reading(contract=STANDARD, NTARF=number, LTARF=name)
        for number, name in ((1, "HEURE CREUSE"), (2, "HEURE PLEINE"))
    )
    assert said(journal, *(NAMED * [off]), *(NAMED * [on]), *(NAMED * [off])) == [
        "Grille: noms=HC HEURE CREUSE",
        "Grille: noms=HC HEURE CREUSE; HP HEURE PLEINE",
    ]


def test_a_name_that_comes_before_its_number_is_not_that_of_the_period_before():
    """Text and number change in one frame; when a line of it is damaged, one is believed before the other."""
    journal = Journal()
    pairs = [(2, "HEURE PLEINE")] * NAMED + [(2, "HEURE CREUSE")] * 3 + [(1, "HEURE CREUSE")] * NAMED
    frames = [reading(contract=STANDARD, NTARF=number, LTARF=name) for number, name in pairs]
    assert said(journal, *frames) == [
        "Grille: noms=HP HEURE PLEINE",
        "Grille: noms=HC HEURE CREUSE; HP HEURE PLEINE",
    ]


def test_names_are_tidied_and_never_break_a_line():
    evil = reading(contract=OFFER, NTARF=1, LTARF="A=B, C;\n\tINFO <b>é\x00 " + "x" * 90)
    (text,) = said(Journal(), *(NAMED * [evil]))
    assert text == "Grille: noms=F01 A B C INFO b xxx"
    assert parse_grid(text) == {"noms": "F01 A B C INFO b xxx"}


def test_another_contract_forgets_what_went_with_the_last_one():
    journal = Journal()
    said(journal, reading(HHPHC="A"), reading(HHPHC="A"))
    other = reading(contract=HISTORIQUE._replace(option="EJP", registers=("HN", "PM")), HHPHC="A")
    assert said(journal, other) == []
    assert said(journal, other) == []  # the same line again says nothing


def test_hours_that_are_known_for_long_name_the_registers_of_a_contract_that_is_heard_after_them():
    """A first frame may have lost the name of the contract, and the profile is the same object all along."""
    journal, hours = Journal(), profile()
    unnamed = [reading(contract=None, PJOURF_plus_1=hours) for _ in range(NAMED + 1)]
    assert said(journal, *unnamed) == ["Grille: demain=00:00 F01; 06:00 F02; 22:00 F01"]
    named = [reading(contract=STANDARD, PJOURF_plus_1=hours) for _ in range(2)]
    assert said(journal, *named) == ["Grille: demain=00:00 HC; 06:00 HP; 22:00 HC"]


def test_each_file_says_it_again():
    journal = Journal()
    noon, morrow = reading(HHPHC="A"), reading(local(DAY, "12:00") + timedelta(days=1), HHPHC="A")
    assert said(journal, noon, noon, noon, morrow, morrow) == ["Grille: heures=A"] * 2


def test_a_file_has_it_once_after_a_boot_with_a_wrong_clock():
    journal = Journal()
    boot = reading(datetime(1970, 1, 1, tzinfo=UTC), HHPHC="A")._replace(dated=False)
    assert said(journal, boot, boot, boot, reading(HHPHC="A"), reading(HHPHC="A")) == ["Grille: heures=A"]


def test_registers_that_part_from_their_total_are_noted_once_and_when_they_agree_again():
    journal = Journal()
    notes = [note for apart in (0, 60, 70, 80, 0, 0) for note in journal.update(reading(), apart)]
    assert [status for status, _ in notes] == ["WARN", "INFO"]
    assert "60 Wh" in notes[0][1].fr


def written(tmp_path, *changes):
    """Log a record each minute from midnight to noon, under each contract and grid from its hour on."""
    clock = WireClock(local(DAY) - timedelta(minutes=2))
    log = DailyLog(Storage(), LogSettings(dir=tmp_path), clock, salt="pepper")
    plan = sorted(changes, key=lambda one: one[0])
    contract, wh = None, 1000
    while clock.now() < local(DAY, "12:00"):
        clock.advance(60)
        while plan and local(DAY, plan[0][0]) <= clock.now() + timedelta(minutes=5):
            _, contract, grid = plan.pop(0)
            if grid:
                log.note("INFO", f"Grille: {grid}")
        wh += 10
        assert contract is not None
        log.append(
            Record(
                started_at=clock.now() - timedelta(minutes=1),
                ended_at=clock.now(),
                contract=contract,
                tariff_period="HC..",
                apparent_power=600,
                indexes=dict.fromkeys(contract.registers, wh),
            )
        )
    log.close()
    (day,) = days(
        tmp_path, (DAY, DAY), tz=PARIS, prices=PriceBook(Prices()), now=local(DAY, "12:00"), storage=Storage()
    )
    return day


def test_the_report_lists_what_changed_from_what_to_what_and_when(tmp_path):
    day = written(
        tmp_path,
        ("00:00", HISTORIQUE, "heures=A"),
        ("06:05", HISTORIQUE._replace(subscribed_power=6000), "heures=C"),
        ("08:05", STANDARD._replace(subscribed_power=6000, producer=True), "demain=00:00 HC; 06:30 HP"),
        ("09:05", OFFER._replace(subscribed_power=6000, producer=False), "demain=00:00 F01, noms=F01 NUIT"),
        ("10:05", OFFER._replace(subscribed_power=6000, meter="9"), "noms=F01 SOIR"),
    )
    text = "\n".join(Words("fr", PARIS).changes(day)).replace("\u00a0", " ")
    # The group of off-peak hours changed at 6 h; the offer that is in force at the end has no such hours.
    assert sorted(text.splitlines()) == [
        "À 10 h, compteur : l’ancien → un autre",
        "À 10 h, nom de Index fournisseur 1 : NUIT → SOIR",
        "À 6 h, puissance souscrite : 9 kVA → 6 kVA",
        "À 8 h, mode : historique → standard",
        "À 9 h, horaires du lendemain : 0 h heures creuses, 6 h 30 heures pleines → 0 h Index fournisseur 1",
        "À 9 h, option : Heures creuses → OFFRE",
        "À 9 h, producteur : oui → non",
    ]
    assert day.grid == {"noms": "F01 SOIR"}
    assert all("{" not in line for line in Words("en", PARIS).changes(day))


def test_a_quiet_day_has_no_change(tmp_path):
    assert written(tmp_path, ("00:00", HISTORIQUE, "heures=A")).changes == ()


def test_a_contract_line_is_no_grid():
    assert parse_grid(format_contract(HISTORIQUE, "salt")) == {}
    assert parse_contract("Grille: heures=A") is None
