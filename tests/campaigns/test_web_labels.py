"""Hostile text in each label of text that a meter sends: from the bytes of the line to the page that is served."""

from __future__ import annotations

import random
import re

import pytest

from linkymonitor.model.terms import Mode
from linkymonitor.tic import parity
from linkymonitor.tic.encoder import write_group
from linkymonitor.tic.frame import InfoGroup
from tests.campaigns.test_web import PAYLOADS, shape_of
from tests.support.commands import wire
from tests.support.extent import extent
from tests.support.tally import tally
from tests.web.box import box

pytestmark = [pytest.mark.campaign, pytest.mark.usefixtures("apart")]
DAY = "2026-01-13"
AT = f"{DAY}T12:00:00+01:00"
#: The labels of text of each mode with their width in characters, and a meter that sends them.
LABELS = {
    Mode.STANDARD: {"ADSC": 12, "NGTF": 16, "LTARF": 16, "MSG1": 32, "MSG2": 16, "PRM": 14},
    Mode.HISTORIQUE: {"ADCO": 12, "OPTARIF": 4, "PTEC": 4},
}
SPECS = {
    Mode.STANDARD: f"sim:standard,base,seed=7,day={DAY},at=12:00",
    Mode.HISTORIQUE: f"sim:hc,seed=7,day={DAY},at=12:00",
}


def line_with(mode: Mode, label: str, text: str) -> bytes:
    """Return what a meter sends whose *label* is *text*, with right check characters."""
    clean = bytes(byte & 0x7F for byte in wire(SPECS[mode], 0.5))
    width = LABELS[mode][label]
    separator = re.escape(mode.separator)
    group = re.compile(rb"\n%b%b[^\r]*\r" % (label.encode(), separator))
    hostile = write_group(InfoGroup(label, f"{text:{width}.{width}}"), mode)
    if group.search(clean):
        changed = group.sub(lambda found: hostile, clean)
    else:
        changed = clean.replace(b"\x03", hostile + b"\x03")
    return parity.add(changed)


def drawn_with(call, folder, mode, label, text):
    """Return the folder of the pages of a meter whose *label* is *text*, and its log."""
    folder.mkdir()
    (folder / "line.tic").write_bytes(line_with(mode, label, text))
    logs, pages = folder / "log", folder / "pages"
    status, _, err = call(
        "acquire", "-i", folder / "line.tic", "-m", mode.value, "--log-dir", logs, "--at", AT
    )
    assert status == 0, err
    status, _, err = call("report", "--log-dir", logs, "-o", pages, "-s", DAY)
    assert status == 0, err
    return pages, "".join(path.read_text() for path in sorted(logs.glob("*.log")))


def page_with(call, folder, mode, label, text):
    """Return the pages of the day and of the calendar, as they are served, of such a meter, and its log."""
    pages, log = drawn_with(call, folder, mode, label, text)
    with box(pages) as served:
        return [shape_of(served.get(path).body) for path in (f"/{DAY}", "/")], log


@pytest.mark.parametrize("mode", LABELS)
def test_no_text_of_a_label_becomes_markup(call, tmp_path, mode):
    ascii_only = [text for text in PAYLOADS if text.isascii()]
    chosen = random.Random(11).sample(ascii_only, extent(1, 150))
    wrong = looked = 0
    for label in LABELS[mode]:
        harmless, _ = page_with(call, tmp_path / f"{label}-harmless", mode, label, "OFFRE")
        elements = set().union(*(shape.elements for shape in harmless))
        scripts = set().union(*(shape.scripts for shape in harmless))
        for number, text in enumerate(chosen):
            shapes, log = page_with(call, tmp_path / f"{label}-{number}", mode, label, text)
            assert "\tDATA\t" in log
            for shape in shapes:
                looked += 1
                out = [link for link in shape.links if "javascript:" in link.lower() and link[:1] != "{"]
                wrong += bool(shape.elements - elements or shape.scripts - scripts or out)
    tally(
        f"web: a label of text that is markup, {mode.value}",
        len(chosen) * len(LABELS[mode]),
        wrong=wrong,
        note=f"{looked} pages",
    )
    assert wrong == 0


@pytest.mark.browser
def test_no_text_of_a_label_runs_in_a_browser(call, tmp_path, browser):
    ascii_only = [text for text in PAYLOADS if text.isascii()]
    places = [(mode, label) for mode, labels in LABELS.items() for label in labels]
    cases = extent([(Mode.STANDARD, "NGTF"), (Mode.HISTORIQUE, "OPTARIF")], places * 15)
    texts = random.Random(19).sample(ascii_only, len(cases))
    wrong = 0
    complaints: list[str] = []
    with browser.new_page() as page:
        page.on("console", lambda message: complaints.append(message.text))
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        for number, ((mode, label), text) in enumerate(zip(cases, texts, strict=True)):
            pages, _ = drawn_with(call, tmp_path / str(number), mode, label, text)
            with box(pages) as served:
                for path in (f"/{DAY}", "/"):
                    page.goto(f"http://127.0.0.1:{served.port}{path}")
                    wrong += page.evaluate("typeof hacked !== 'undefined' || document.forms.length > 0")
    wrong += len(complaints)
    tally("web: a label of text that runs in Chromium", len(cases), wrong=wrong)
    assert (wrong, complaints) == (0, [])


def test_markup_in_the_name_of_an_offer_does_reach_the_log_and_so_the_pages(call, tmp_path):
    """Without this the campaign would prove nothing, once the decoder refused such a name."""
    _, log = page_with(call, tmp_path / "offer", Mode.STANDARD, "NGTF", "<b onload=hacked")
    assert "option=<B ONLOAD" in log
