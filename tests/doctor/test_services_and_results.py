"""Planted faults of what runs and of what comes out: units, sinks, prices, pages, and their address."""

from __future__ import annotations

import os
import re
import threading
import time
from datetime import date, datetime, timedelta

import pytest

from linkymonitor.doctor import notes, results, service
from linkymonitor.doctor.base import State
from linkymonitor.doctor.world import Answer
from linkymonitor.language import Text
from tests.doctor.house import NOON, Machine, SetClock, fault, one, subject

ASKED = "--property ActiveState,SubState,Result,NRestarts,UnitFileState,ActiveEnterTimestampMonotonic"


def unit(
    machine: Machine,
    name: str,
    active: str = "active",
    enabled: str = "enabled",
    restarts: int = 0,
    sub: str = "running",
    since: float = 0.0,
) -> None:
    """Install a unit that has this state, if it is active since so many seconds."""
    machine.file(f"/etc/systemd/system/{name}")
    (machine.root / "run/systemd/system").mkdir(parents=True, exist_ok=True)
    machine.answers[f"systemctl show {name} {ASKED}"] = Answer(
        0,
        f"ActiveState={active}\nSubState={sub}\nResult=exit-code\nNRestarts={restarts}\nUnitFileState={enabled}\n"
        f"ActiveEnterTimestampMonotonic={(time.monotonic() - since) * 1e6:.0f}\n",
    )


@pytest.mark.parametrize(
    ("state", "finding", "cure"),
    [
        pytest.param({"active": "failed"}, "en échec (exit-code)", "journalctl -u", id="failed"),
        pytest.param({"active": "inactive"}, "arrêté", "enable --now", id="stopped"),
        pytest.param({"enabled": "disabled"}, "pas lancé au démarrage", "enable --now", id="not enabled"),
        pytest.param(
            {"restarts": 9, "since": 420}, "depuis 7 min, relancé 9 fois", "10 minutes", id="restarted"
        ),
        pytest.param(
            {"active": "activating", "sub": "auto-restart", "restarts": 2},
            "en échec (exit-code), relancé 2 fois",
            "journalctl -u",
            id="restarting",
        ),
    ],
)
def test_a_unit_in_trouble_is_named(machine, tmp_path, state, finding, cure):
    unit(machine, "linkymonitor-report.timer")
    unit(machine, "linkymonitor.service", **state)
    rows = service.check(subject(tmp_path, machine.world()))
    fault(rows, "linkymonitor.service", finding=finding, cure=cure)
    assert one(rows, "linkymonitor-report.timer").state is State.WELL


def test_a_unit_that_has_run_for_long_since_its_last_restart_is_well(machine, tmp_path):
    unit(machine, "linkymonitor-report.timer")
    unit(machine, "linkymonitor.service", restarts=7, since=7200)
    row = one(service.check(subject(tmp_path, machine.world())), "linkymonitor.service")
    assert row.state is State.WELL
    assert str(row.finding) == "en marche depuis 2 h, relancé 7 fois avant"
    assert row.figures["restarts"] == 7


def test_pages_that_are_open_to_the_house_without_a_password_are_named_with_their_cure(machine, tmp_path):
    unit(machine, "linkymonitor.service")
    unit(machine, "linkymonitor-report.timer")
    unit(machine, "linkymonitor-serve.service", active="activating")
    looked_at = subject(tmp_path, machine.world(), ini="[serve]\nbind = 192.168.1.20:8420\n")
    fault(results.address(looked_at), "address", finding="sans mot de passe", cure="serve --set-password")
    row = one(service.check(looked_at), "linkymonitor-serve.service")
    assert (row.state, row.mend) == (State.UNSEEN, None)
    assert "attend le mot de passe" in str(row.finding)
    (tmp_path / "state/serve").mkdir()
    (tmp_path / "state/serve/password.json").touch()
    assert one(results.address(looked_at), "address").state is State.WELL
    fault(service.check(looked_at), "linkymonitor-serve.service", finding="arrêté", cure="enable --now")


def test_a_stopped_unit_is_started_by_fix_and_nothing_else_is(machine, tmp_path):
    unit(machine, "linkymonitor.service", active="inactive", enabled="disabled")
    unit(machine, "linkymonitor-serve.service", active="inactive", enabled="disabled")
    rows = service.check(subject(tmp_path, machine.world()))
    assert one(rows, "linkymonitor-serve.service").state is State.WELL
    machine.called.clear()
    machine.answers["systemctl enable --now linkymonitor.service"] = Answer(0, "")
    one(rows, "linkymonitor.service").mend()
    assert machine.called == ["systemctl enable --now linkymonitor.service"]


def test_without_systemd_the_units_are_not_seen(machine, tmp_path):
    assert [row.state for row in service.check(subject(tmp_path, machine.world()))] == [State.UNSEEN]


SINK = "[sink:far]\ntype = webhook\nurl = http://127.0.0.1:9/\n"


def test_a_sink_that_refuses_and_one_that_hangs_are_named(machine, tmp_path):
    looked_at = subject(tmp_path, machine.world(), ini=SINK)
    refusing = looked_at._replace(
        try_sink=lambda name: (False, Text("401 : jeton refusé", "401: token refused"))
    )
    fault(results.sinks(refusing), "sink-far", finding="jeton refusé", cure="[sink:far]")
    never = threading.Event()

    def hang(name: str) -> tuple[bool, Text]:
        never.wait()
        return True, Text("", "")

    fault(
        results.sinks(looked_at._replace(try_sink=hang)),
        "sink-far",
        finding="à temps",
        cure="deliver --test far",
    )
    never.set()


def test_a_sink_whose_server_is_away_is_named(call, machine, tmp_path):
    looked_at = subject(tmp_path, machine.world(), ini=SINK)
    source = "sim:hc,day=2026-01-13,at=18:00,duration=60s,speed=max"
    assert call("acquire", "-i", source, "--log-dir", tmp_path / "log")[0] == 0
    fault(
        results.sinks(looked_at),
        "sink-far",
        finding="connexion refusée",
        cure="remettez le serveur en marche",
    )


def test_prices_that_miss_today_are_named(machine, tmp_path):
    past = machine.world(clock=SetClock(datetime(2009, 1, 1, 12, tzinfo=NOON.tzinfo)))
    ini = "[contract]\noffer = ejp\npower = 9\n"
    rows = results.prices(subject(tmp_path, past, ini=ini))
    fault(rows, "prices", finding="il manque", cure="mettez à jour la grille")


def test_no_price_is_no_fault(machine, tmp_path):
    row = one(results.prices(subject(tmp_path, machine.world())), "prices")
    assert row.state is State.UNSEEN
    assert "tariffs new" in str(row.cure)


def test_a_price_table_has_an_age(machine, tmp_path):
    ini = "[contract]\noffer = ejp\npower = 9\n"
    row = one(results.prices(subject(tmp_path, machine.world(), ini=ini)), "price-table")
    assert re.fullmatch(r"ejp, comparée à ses sources le \d+ \w+ 202\d, il y a \d+ j", str(row.finding))
    assert (NOON.date() - date.fromisoformat(row.figures["checked"])).days == row.figures["days"]
    assert row.cure is None
    later = machine.world(clock=SetClock(NOON + timedelta(days=400)))
    row = one(results.prices(subject(tmp_path, later, ini=ini)), "price-table")
    assert "version plus récente" in str(row.cure)


def test_the_warnings_of_the_day_are_shown_once_with_their_count(machine, tmp_path):
    looked_at = subject(tmp_path, machine.world())
    assert str(one(notes.check(looked_at), "notes").finding) == "aucun depuis 24 h"
    lines = [
        "2026/11/29 10:00:00\tWARN\ttoo old",
        "2026/12/01 09:30:00\tINFO\tno warning",
        *["2026/12/01 10:15:00\tWARN\tthe meter is silent"] * 3,
        "2026/12/01 10:45:00\tWARN\tthe card refuses",
    ]
    for day in ("2026_11_29", "2026_12_01"):
        rows = [line for line in lines if line.startswith(day.replace("_", "/"))]
        (tmp_path / f"log/{day}_linkymonitor.log").write_text("\n".join([*rows, ""]))
    assert [str(row.finding) for row in notes.check(looked_at)] == [
        "à 11:45 : the card refuses",
        "3 fois, la dernière à 11:15 : the meter is silent",
    ]


def test_a_remark_on_where_prices_were_read_is_no_fault(machine, tmp_path):
    """The prices of today stand in one reading of one document, which an owner cannot mend."""
    rows = results.prices(subject(tmp_path, machine.world(), ini="[contract]\noffer = ejp\npower = 9\n"))
    assert {row.state for row in rows} == {State.WELL}


def test_the_first_page_of_a_new_house_comes_tonight(machine, tmp_path):
    row = one(results.pages(subject(tmp_path, machine.world())), "page")
    assert row.state is State.WELL
    assert "cette nuit" in str(row.finding)


def test_an_old_page_and_a_missing_one_are_named(call, machine, tmp_path):
    looked_at = subject(tmp_path, machine.world())
    source = "sim:hc,day=2026-01-13,at=18:00,duration=60s,speed=max"
    assert call("acquire", "-i", source, "--log-dir", tmp_path / "log")[0] == 0
    fault(results.pages(looked_at), "page", finding="aucune page", cure="start linkymonitor-report")
    page = tmp_path / "report/yesterday.html"
    page.touch()
    old = (NOON - timedelta(days=3)).timestamp()
    os.utime(page, (old, old))
    fault(results.pages(looked_at), "page", finding="il y a 72 h", cure="start linkymonitor-report")
    for minutes, words in ((0, "il y a 0 s"), (7, "il y a 7 min"), (90, "il y a 2 h")):
        drawn = (NOON - timedelta(minutes=minutes)).timestamp()
        os.utime(page, (drawn, drawn))
        row = one(results.pages(looked_at), "page")
        assert row.state is State.WELL
        assert words in str(row.finding)


def test_the_address_of_the_pages_has_a_qr_code(machine, tmp_path):
    pytest.importorskip("segno")
    ini = "[serve]\nbind = 192.168.1.20:8420\nopen = yes\n"
    row = one(results.address(subject(tmp_path, machine.world(), ini=ini)), "address")
    assert str(row.finding) == "http://192.168.1.20:8420/"
    assert len(row.picture) > 10
