"""Hostile text in what an owner types of a paper bill and of an offer, on the page of the bill."""

from __future__ import annotations

import json
import random

import pytest

from tests.billing.house import rows, run_bill
from tests.campaigns.test_web import PAYLOADS, shape_of
from tests.support.extent import extent
from tests.support.tally import tally

pytestmark = pytest.mark.campaign
DAYS = ("2026-03-01", "2026-03-02")
#: The texts of an offer and of a paper that reach the page of a bill.
OFFER = ("name", "label", "label_en", "doubt", "doubt_fr")
PAPER = ("unmatched", "credit", "tax")
PLACES = (*OFFER, *PAPER)


def offer_with(texts) -> str:
    """Return a price table of one period; each text is what *texts* has, written as TOML."""
    return f"""schema = 1
id = "own"
name = {texts["name"]}
supplier = "Own"
kind = "market"
currency = "EUR"
checked = 2026-01-01
powers = [6]
timezone = "Europe/Paris"
new_prices_for = "new contracts"
[[period]]
code = "TH"
label = {texts["label"]}
label_en = {texts["label_en"]}
[[rule]]
period = "TH"
[[price]]
from = 2025-01-01
next_revision = 2027-02-01
sources = ["a letter"]
checked = 2026-01-01
doubt = {texts["doubt"]}
doubt_fr = {texts["doubt_fr"]}
[price.subscription]
6 = 15.00
[price.energy]
TH = 0.2000
"""


def paper_with(texts) -> str:
    """Return a typed bill whose labels are *texts*, written as TOML."""
    first, last = DAYS
    days = f"from = {first}\nto = {last}\n"
    return f"""total = 12.34
[[line]]
kind = "subscription"
eur = 1.00
{days}[[line]]
kind = "energy"
register = "TH"
kwh = 20
price = 0.2
eur = 4.00
{days}[[line]]
kind = "energy"
label = {texts["unmatched"]}
register = "HP"
kwh = 3
price = 0.3
eur = 0.90
{days}[[line]]
kind = "credit"
label = {texts["credit"]}
eur = -2.00
[[line]]
kind = "tax"
label = {texts["tax"]}
eur = 3.00
"""


def page_with(tmp_path, capsys, texts, lang="fr"):
    """Return the file of the page of a bill with *texts*: place → text."""
    typed = {place: json.dumps(text) for place, text in texts.items()}
    (tmp_path / "tables").mkdir(exist_ok=True)
    (tmp_path / "tables/own.toml").write_text(offer_with(typed))
    (tmp_path / "paper.toml").write_text(paper_with(typed))
    log = rows([("2026-03-01", {"TH": 1_000_000}), ("2026-03-03", {"TH": 1_020_000})], subscribed_power=6000)
    ini = f"[contract]\noffer = own\npower = 6\ntables = {tmp_path}/tables\n"
    page = tmp_path / "bill.html"
    options = ("--check", str(tmp_path / "paper.toml"), "-o", str(page), "--lang", lang)
    status, _, err = run_bill(tmp_path, capsys, log, ini, *DAYS, *options)
    assert page.exists(), (status, err)
    return page


def test_no_text_of_a_paper_or_an_offer_becomes_markup(tmp_path, capsys):
    chosen = random.Random(13).sample(PAYLOADS, extent(3, 400))
    harmless = shape_of(
        page_with(tmp_path, capsys, {place: f"word-{place}" for place in PLACES}).read_bytes()
    )
    wrong = 0
    for text in chosen:
        shape = shape_of(page_with(tmp_path, capsys, dict.fromkeys(PLACES, text)).read_bytes())
        out = [link for link in shape.links if "javascript:" in link.lower() and link[:1] != "{"]
        wrong += bool(shape.elements - harmless.elements or shape.scripts - harmless.scripts or out)
    tally("web: a text of a paper bill or an offer that is markup", len(chosen) * len(PLACES), wrong=wrong)
    assert wrong == 0


def test_the_texts_do_reach_the_page(tmp_path, capsys):
    """Without this the campaign would prove nothing, once the page showed them no more."""
    texts = {place: f"word-{place}-" for place in PLACES}
    pages = [page_with(tmp_path, capsys, texts, lang).read_text() for lang in ("fr", "en")]
    assert [place for place in PLACES if not any(f"word-{place}-" in page for page in pages)] == []


@pytest.mark.browser
def test_no_text_of_a_paper_or_an_offer_runs_in_a_browser(tmp_path, capsys, browser):
    chosen = random.Random(17).sample(PAYLOADS, extent(2, 100))
    wrong = 0
    complaints: list[str] = []
    with browser.new_page() as shown:
        shown.on("console", lambda message: complaints.append(message.text))
        shown.on("dialog", lambda dialog: complaints.append(dialog.message))
        for text in chosen:
            shown.goto(page_with(tmp_path, capsys, dict.fromkeys(PLACES, text)).as_uri())
            wrong += shown.evaluate("typeof hacked !== 'undefined' || document.forms.length > 0")
    wrong += len(complaints)
    tally("web: a text of a paper bill or an offer that runs in Chromium", len(chosen), wrong=wrong)
    assert (wrong, complaints) == (0, [])
