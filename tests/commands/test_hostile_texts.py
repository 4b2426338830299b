"""No text from outside commands the terminal, whichever command prints it: settings, names, tables, bills, servers."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from linkymonitor.board.ini_text import with_values
from linkymonitor.cli import main
from linkymonitor.delivery.state import Standing, StateFolder
from linkymonitor.language import CONTROLS
from linkymonitor.system.resources import shipped
from linkymonitor.system.storage import Storage
from tests.support.card import card
from tests.support.http_server import serving

pytestmark = pytest.mark.usefixtures("apart")

#: The title of a window, a colour by C1, writing from the right, DEL; no letter that ends a word or a line.
EVIL = "e\x1b]0;x\x07v\x9b31m\u202ei\u2066\u200f\x7fl"
#: The same in TOML, which refuses such characters as they are.
IN_TOML = "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in EVIL)
RAW = re.compile(CONTROLS)


def harmless(*outputs: str) -> str:
    """Return *outputs* as one text, in which nothing but the ends of lines controls a terminal."""
    text = "".join(outputs)
    found = RAW.search(text.replace("\n", ""))
    assert found is None, f"{found} in {text!r}"
    return text


class House(NamedTuple):
    """A box in which each name and each text that an owner or a server gives is hostile."""

    ini: Path
    folder: Path


@pytest.fixture(scope="module")
def logged(tmp_path_factory) -> Path:
    """Return the log of half an hour around a midnight."""
    folder = tmp_path_factory.mktemp("logged")
    (folder / "my.ini").write_text(f"[general]\nruntime_dir = {folder}\n")
    source = "sim:base,day=2026-01-13,at=23:45,duration=30m,speed=max"
    words = ["acquire", "-c", folder / "my.ini", "-i", source, "--log-dir", folder / "log"]
    assert main(list(map(str, words))) == 0
    return folder / "log"


@pytest.fixture
def house(tmp_path, logged):
    folder = tmp_path / EVIL
    for name in ("state", "tables"):
        (folder / name).mkdir(parents=True)
    shutil.copytree(logged, folder / "log")
    table = shipped("etc/tariffs/tarif-bleu-base.toml").read_text()
    table = table.replace('name = "', f'name = "{IN_TOML}').replace('label = "', f'label = "{IN_TOML}')
    (folder / "tables/mine.toml").write_text(table.replace('id = "tarif-bleu-base"', 'id = "mine"'))
    (folder / f"tables/{EVIL}.toml").write_text(f'id = "{IN_TOML}"\n')
    with serving(lambda sent: (400, EVIL.encode())) as server:
        ini = folder / f"{EVIL}.ini"
        ini.write_text(
            f"[general]\nstate_dir = {folder}/state\nruntime_dir = {folder}/run\n"
            f"[meter]\nport = /dev/tty{EVIL}\n[log]\ndir = {folder}/log\n"
            f"[report]\ndir = {folder}/pages\nnote = {EVIL}\n"
            f"[contract]\ntables = {folder}/tables\noffer = mine\npower = 9\nreading_day = 13\n"
            f"[relay:{EVIL}]\npin = 17\nrule = ejp\nfail_state = off\n"
            f"[sink:{EVIL}]\ntype = influxdb\nurl = {server.url}\ndatabase = x\n"
        )
        now = datetime.now(UTC) - timedelta(minutes=1)
        note = f"{now:%Y/%m/%d %H:%M:%S}\tWARN\t{EVIL}\n"
        (folder / f"log/{now:%Y_%m_%d}_linkymonitor.log").write_text(note)
        (folder / f"log/{EVIL}.log.gz").write_bytes(b"no archive")
        yield House(ini, folder)


COMMANDS = {
    "check": ("check",),
    "doctor": ("doctor",),
    "doctor --json": ("doctor", "--json"),
    "deliver --test": ("deliver", "--test", EVIL),
    "deliver --status": ("deliver", "--status"),
    "deliver --status --json": ("deliver", "--status", "--json"),
    "serve --address": ("serve", "--address"),
    "serve": ("serve", "--bind", "192.0.2.1:8420"),
    "report": ("report", "-s", "2026-01-13", "-e", "2026-01-14"),
    "report --json": ("report", "-s", "2026-01-13", "--json"),
    "bill": ("bill", "-s", "2026-01-13", "-e", "2026-01-13"),
    "bill --json": ("bill", "-s", "2026-01-13", "-e", "2026-01-13", "--json"),
    "bill --periods": ("bill", "--periods"),
    "tariffs list": ("tariffs", "list"),
    "tariffs show": ("tariffs", "show", "mine"),
    "tariffs check": ("tariffs", "check"),
    "tariffs new": ("tariffs", "new"),
    "export": ("export", "-s", "2026-01-13"),
    "purge": ("purge", "--before", "2026-01-14", "--dry-run"),
    "safe": ("safe",),
    "decode": ("decode", "--count", f"gone{EVIL}"),
    "replay": ("replay", f"gone{EVIL}", "-o", "out"),
    "an argument": ("check", f"--{EVIL}"),
}


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_no_command_sends_a_hostile_text_to_the_terminal(house, call, words):
    command, *options = words
    _, out, err = call(command, "-c", house.ini, *options)
    assert harmless(out, err)


def test_what_a_server_answered_is_in_the_status_of_its_sink(house, call):
    state = StateFolder(house.folder / "state/deliver", Storage())
    state.prepare()
    standing = Standing(
        last_error=EVIL, last_error_at="2026-01-14T00:00:00+00:00", next_try="2099-01-01T00:00:00"
    )
    state.write(EVIL, standing)
    _, out, err = call("deliver", "-c", house.ini, "--status")
    text = harmless(out, err)
    assert "dernière erreur" in text
    assert "prochain essai" in text


PAPER = f"""
total = 12.30
[[line]]
kind = "subscription"
label = "{IN_TOML}"
from = 2026-01-13
to = 2026-01-13
price = 11.86
eur = 23.72
"""


@pytest.mark.parametrize("option", ["--check", "--solve"])
def test_a_bill_that_was_typed_does_not_either(house, call, option):
    paper = house.folder / f"{EVIL}.toml"
    for text in (PAPER, PAPER.replace("subscription", IN_TOML), PAPER.replace("kind", f'"{IN_TOML}"'), EVIL):
        paper.write_text(text)
        _, out, err = call("bill", "-c", house.ini, "-s", "2026-01-13", "-e", "2026-01-13", option, paper)
        assert harmless(out, err)


WRONG = {
    "value": f"[meter]\nspeed = {EVIL}\n",
    "key": f"[meter]\n{EVIL} = 1\n",
    "section": f"[{EVIL}]\nx = 1\n",
    "named section": f"[relay:{EVIL}]\nx = 1\n",
    "type": f"[sink:{EVIL}]\ntype = {EVIL}\n",
    "date": f"[tariff:{EVIL}]\nhn = 1\n",
    "key twice": f"[meter]\n{EVIL} = 1\n{EVIL} = 2\n",
    "section twice": f"[{EVIL}]\n[{EVIL}]\n",
    "no INI": f"[meter]\n{EVIL}\n",
    "offer": f"[contract]\noffer = {EVIL}\n",
    "callback": f"[callbacks]\ncall = {EVIL}.x\n",
    "bind": f"[serve]\nbind = {EVIL}\n",
    "host": f"[serve]\nhosts = {EVIL}\n",
    "zone": f"[general]\ntimezone = {EVIL}\n",
    "lang": f"[general]\nlang = {EVIL}\n",
    "templates": f"[report]\ntemplates = {EVIL}\n",
}


@pytest.mark.parametrize("kind", WRONG)
@pytest.mark.parametrize("command", ["check", "doctor", "report", "serve", "deliver", "safe", "acquire"])
def test_no_fault_of_the_settings_does(tmp_path, call, kind, command):
    ini = tmp_path / "my.ini"
    ini.write_text(with_values(WRONG[kind], "log", {"dir": f"{tmp_path}/log"}))
    options = {
        "serve": ("--address",),
        "deliver": ("--status",),
        "acquire": ("-i", f"gone{EVIL}", "--log-dir", tmp_path / "log"),
    }
    _, out, err = call(command, "-c", ini, *options.get(command, ()))
    harmless(out, err)


def test_setup_shows_no_hostile_line_of_the_card(tmp_path, call, monkeypatch):
    monkeypatch.delenv("SUDO_USER", raising=False)
    root = card(tmp_path)
    for name in (
        "boot/firmware/config.txt",
        "boot/firmware/cmdline.txt",
        "etc/linkymonitor.ini",
        "etc/group",
    ):
        path = root / name
        text = path.read_text()
        path.write_text(text.rstrip("\n") + f" {EVIL}\n" if "cmdline" in name else text + f"# {EVIL}\n")
    shutil.copytree(root, tmp_path / EVIL)
    for options in (("--dry-run",), ("--yes", "--offer", EVIL), ("--yes", "--offer", "tempo"), ("--undo",)):
        _, out, err = call("setup", "--root", tmp_path / EVIL, *options)
        assert harmless(out, err)
