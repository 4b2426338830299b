"""Draws the pictures of docs/home-assistant.md: the device, and a day in the Energy dashboard, in both languages.

The meter, its indexes and its costs are those of a simulated EJP house; Home Assistant gets the day before from the
simulator, through its own interface for statistics of the past.
"""

from __future__ import annotations

import io
import json
import shutil
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from linkymonitor.daily_log.files import file_of
from linkymonitor.daily_log.line import STAMP, format_record
from linkymonitor.model.record import Record
from linkymonitor.simulator.house import House
from linkymonitor.simulator.options import PARIS, parse_spec
from linkymonitor.simulator.past import records
from tests.home_assistant.client import HomeAssistant
from tests.home_assistant.stand import configure, hass, ours, wait
from tests.support.mosquitto import free_port

IMAGES = Path("docs/images")
#: Language → how the name of a picture ends.
ENDINGS = {"en": "", "fr": ".fr"}
PRICES = {"HN": Decimal("0.1608"), "PM": Decimal("0.8025")}
_INDEX, _COST = "sensor.linky_index_{}", {"fr": "sensor.linky_cout_{}", "en": "sensor.linky_cost_{}"}


def draw(root: Path, folder: Path, broker: int) -> None:
    """Draw the pictures with the Home Assistant in *root* and the MQTT broker on port *broker*."""
    for lang in ENDINGS:
        _draw(root, folder, broker, lang)


def _draw(root: Path, folder: Path, broker: int, lang: str) -> None:
    """Draw the pictures in *lang*; the files of the box are in *folder*."""
    now = datetime.now(PARIS)
    port = free_port()
    configure(root, port)
    place = folder / lang
    box, log_dir = place / "box.ini", place / "log"
    log_dir.mkdir(parents=True)
    box.write_text(
        # Both languages have one state, so one device.
        f"[general]\nruntime_dir = {place / 'run'}\nstate_dir = {folder / 'state'}\nlang = {lang}\n"
        f"[log]\ndir = {log_dir}\nframes_per_record = 2\n"
        f"[tariff]\nhn = {PRICES['HN']}\npm = {PRICES['PM']}\n"
        f"[sink:house]\ntype = mqtt\nhost = 127.0.0.1\nport = {broker}\n"
    )
    past = list(_past(now))
    for record in past:
        with file_of(log_dir, record.ended_at.date()).open("a") as file:
            file.write(f"{record.ended_at:{STAMP}}\tDATA\t{format_record(record)}\n")
    with ours("deliver", "-c", box, "--from", f"{past[0].ended_at:%Y-%m-%d}", "--once") as catch_up:
        catch_up.wait()
    meter = ("acquire", "-c", box, "-i", f"sim:{_spec(now)},at={now:%H:%M}", "--log-dir", log_dir)
    home = HomeAssistant(port)
    # The box is first: the announcement that Home Assistant finds is in the language of the picture.
    with ours("deliver", "-c", box), ours(*meter), hass(root):
        wait(lambda: home.call("/api/onboarding") is not None, 240)
        home.onboard(lang)
        home.add_mqtt(broker)
        # Costs come with the second record.
        wait(lambda: _COST[lang].format("pm") in home.states(), 120)
        give_past(home, lang, past)
        _shoot(home, lang)


def _spec(now: datetime) -> str:
    """Return a house whose indexes count since the first day of the month, and whose yesterday was an EJP day."""
    return f"ejp,seed=3,since={now:%Y-%m-01},ejp={now - timedelta(days=1):%Y-%m-%d},day={now:%Y-%m-%d}"


def _past(now: datetime) -> Iterator[Record]:
    """Yield a record of every ten minutes of the house, from shortly before the first day of the month on."""
    # The cost of a month is known when the index at its first instant is.
    begin = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0) - timedelta(minutes=20)
    return islice(records(House(parse_spec(_spec(now))), begin, now), 0, None, 10)


def give_past(home: HomeAssistant, lang: str, past: Sequence[Record]) -> None:
    """Give Home Assistant the indexes and costs of the records *past*, and choose them for the Energy dashboard."""
    flows, commands = [], []
    for register, price in PRICES.items():
        index, cost = _INDEX.format(register.lower()), _COST[lang].format(register.lower())
        hours = _hours(past, register)
        first = hours[0][1]
        energy = [{"start": at, "state": wh, "sum": wh - first} for at, wh in hours]
        euros = [(at, float((wh - first) * price / 1000)) for at, wh in hours]
        spent = [{"start": at, "state": eur, "sum": eur} for at, eur in euros]
        commands += [_import(index, "Wh", energy), _import(cost, "EUR", spent)]
        flow = {"stat_energy_from": index, "stat_cost": cost}
        flows.append(flow | {"entity_energy_price": None, "number_energy_price": None})
    grid = {"type": "grid", "flow_from": flows, "flow_to": [], "cost_adjustment_day": 0.0}
    home.ask(*commands, {"type": "energy/save_prefs", "energy_sources": [grid]})


def _hours(past: Sequence[Record], register: str) -> list[tuple[str, int]]:
    """Return the beginning of each hour that is over, and the index at its end in Wh."""
    last: dict[datetime, int] = {}
    for record in past:
        hour = record.started_at.replace(minute=0, second=0, microsecond=0)
        last[hour] = record.indexes[register]
    return [(hour.isoformat(), index) for hour, index in list(last.items())[:-1]]


def _import(name: str, unit: str, stats: list[dict[str, object]]) -> dict[str, object]:
    kept = {"has_mean": False, "mean_type": 0, "has_sum": True, "name": None, "source": "recorder"}
    kept |= {
        "statistic_id": name,
        "unit_of_measurement": unit,
        "unit_class": "energy" if unit == "Wh" else None,
    }
    return {"type": "recorder/import_statistics", "metadata": kept, "stats": stats}


class View(NamedTuple):
    """One picture of a page."""

    name: str
    path: str
    #: The part of the window that is shown: left, top, right, bottom.
    box: tuple[int, int, int, int]
    #: What is clicked on first; empty: nothing.
    press: str = ""


def _shoot(home: HomeAssistant, lang: str) -> None:
    """Take the pictures, as somebody sees them who has signed in."""
    (device,) = (
        one for one in home.ask({"type": "config/device_registry/list"})[0] if one["name"] == "Linky"
    )
    views = (
        View("home-assistant-device", f"/config/devices/device/{device['id']}", (76, 0, 776, 1150)),
        View("home-assistant-energy", "/energy", (0, 0, 1200, 790), "ha-icon-button-prev"),
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for view in views:
            _shot(browser, home, lang, view)
        browser.close()


def _shot(browser: Browser, home: HomeAssistant, lang: str, view: View) -> None:
    tokens = home.tokens | {
        "hassUrl": home.address,
        "clientId": f"{home.address}/",
        "expires": int((time.time() + home.tokens["expires_in"]) * 1000),
    }
    context = browser.new_context(
        viewport={"width": 1200, "height": 1300},
        locale=lang,
        timezone_id="Europe/Paris",
        color_scheme="light",
    )
    context.add_init_script(
        f"localStorage.hassTokens = {json.dumps(json.dumps(tokens))};"
        f"localStorage.selectedLanguage = {json.dumps(json.dumps(lang))};"
        "localStorage.dockedSidebar = '\"always_hidden\"';"
    )
    tab = context.new_page()
    tab.goto(home.address + view.path)
    if view.press:
        tab.locator(view.press).click()
    # Charts are drawn step by step.
    tab.wait_for_timeout(6000)
    picture = Image.open(io.BytesIO(tab.screenshot())).convert("RGB").crop(view.box)
    picture.quantize(128, dither=Image.Dither.NONE).save(
        IMAGES / f"{view.name}{ENDINGS[lang]}.png", optimize=True
    )
    context.close()
