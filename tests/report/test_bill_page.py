"""The page of a bill: its sums are those of the command, it asks for nothing, and it prints on one sheet."""

from __future__ import annotations

import html
import json
import re
from datetime import timedelta
from pathlib import Path

import pytest

from linkymonitor.cli import main
from tests.billing.house import rows
from tests.billing.test_golden import EJP
from tests.report.house import write_log

FIRST, LAST = "2026-01-08", "2026-03-07"
INI = "[contract]\noffer = ejp\npower = 12\npath = ht\n"
PAPER = """
total = 705.80
ht = 588.17
tva = { "20" = 117.63 }
""" + "".join(
    f'[[line]]\nkind = "{kind}"\nfrom = {first}\nto = {last}\neur = {eur}\n{rest}\n'
    for kind, first, last, eur, rest in (
        ("subscription", FIRST, "2026-01-31", "12.60", "price = 16.27"),
        ("subscription", "2026-02-01", LAST, "20.74", "price = 16.92"),
        (
            "energy",
            FIRST,
            "2026-01-31",
            "117.39",
            'register = "HN"\nkwh = 1331\nindex_to = 70163\nestimated = true',
        ),
        (
            "energy",
            "2026-02-01",
            LAST,
            "198.51",
            'register = "HN"\nkwh = 1688\nindex_from = 70163\nestimated = true',
        ),
        (
            "energy",
            FIRST,
            "2026-01-31",
            "77.93",
            'register = "PM"\nkwh = 89\nindex_to = 8096\nestimated = true',
        ),
        (
            "energy",
            "2026-02-01",
            LAST,
            "55.00",
            'register = "PM"\nkwh = 215\nindex_from = 8096\nestimated = true',
        ),
        ("tax", FIRST, "2026-01-31", "2.27", 'label = "CTA"'),
        ("tax", "2026-02-01", LAST, "2.45", 'label = "CTA"'),
        ("tax", FIRST, "2026-01-31", "42.57", 'label = "Accise"\nkwh = 1420'),
        ("tax", "2026-02-01", LAST, "58.71", 'label = "Accise"\nkwh = 1903'),
    )
)


#: 776 kWh at 0.1276 are 99.02, 1066 at 0.1283 are 136.77.
REVENUE = (
    "total = 235.79\n"
    '[[line]]\nkind = "revenue"\nfrom = 2025-06-18\nto = 2025-10-31\nkwh = 776\nprice = 0.1276\neur = 99.02\n'
    '[[line]]\nkind = "revenue"\nfrom = 2025-11-01\nto = 2026-06-17\nkwh = 1066\nprice = 0.1283\neur = 136.77\n'
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the log, the settings and the paper of the house whose bill was worked by hand."""
    folder = tmp_path_factory.mktemp("bill")
    write_log(folder / "log", rows(EJP, "EJP", subscribed_power=12_000))
    (folder / "house.ini").write_text(INI)
    (folder / "paper.toml").write_text(PAPER)
    return folder


def drawn(folder: Path, lang: str, *options: str) -> Path:
    """Return the page that the command writes."""
    page = folder / f"bill-{lang}{len(options)}.html"
    call = ["bill", "-c", str(folder / "house.ini"), "--lang", lang, "--log-dir", str(folder / "log")]
    assert main([*call, "-s", FIRST, "-e", LAST, "-o", str(page), *options]) == 0
    return page


def words(page: Path) -> str:
    """Return the words of *page*, with plain spaces."""
    body = page.read_text("utf-8").partition("<main")[2]
    return re.sub(r"[\s\u00a0\u202f]+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body)))


def test_the_page_has_every_amount_of_the_command(folder, capsys):
    page = words(drawn(folder, "en"))
    capsys.readouterr()
    call = [
        "bill",
        "-c",
        str(folder / "house.ini"),
        "--lang",
        "en",
        "--log-dir",
        str(folder / "log"),
        "--json",
    ]
    assert main([*call, "-s", FIRST, "-e", LAST]) == 0
    figures = json.loads(capsys.readouterr().out)
    for line in figures["lines"]:
        assert line["eur"] in page, line
    for amount in (figures["total"], figures["ht"]):
        assert amount["eur"] in page
    assert "68,832 → 70,166 = 1334 kWh × 0.0882 = 117.6588" in page


def test_the_page_says_why_the_paper_differs(folder):
    page = words(drawn(folder, "fr", "--check", str(folder / "paper.toml")))
    assert "le fournisseur demande 705,80 € , soit 0,85 € de plus" in page
    assert "index estimé 70163, le compteur en était à 70166 : 3 kWh à l'autre prix" in page
    # One note for the two lines of HN, one for those of PM.
    assert page.count("à l'autre prix (index du 1ᵉʳ février 2026 à 0 h)") == 2
    assert "les kWh de ces index" in page
    assert "La TVA de ces écarts : 588,17 × 20 % = 117,63" in page
    assert "HN 70 166 PM 8 095" in page
    assert "+0,71" in page


def house_that_injects(tmp_path: Path, lines: str = REVENUE) -> list[str]:
    """Write a log without readings at midnight and the paper of a buyer; return the call that compares them."""
    log = rows(
        [("2025-06-17T21:30", {"TH": 1_000_000}), ("2026-06-18T03:30", {"TH": 3_000_000})],
        injected=[
            ("2025-06-17T21:30", 4_127_000),
            ("2025-06-18T06:00", 4_127_000),
            ("2025-10-31T18:00", 4_903_000),
            ("2025-11-01T06:00", 4_903_000),
            ("2026-06-17T18:00", 5_969_000),
            ("2026-06-18T03:30", 5_969_000),
        ],
        step=timedelta(hours=1),
    )
    write_log(tmp_path / "log", log)
    (tmp_path / "house.ini").write_text(
        "[contract]\ninjection_price = 0.1276\n[contract:2025-11-01]\ninjection_price = 0.1183\n"
    )
    (tmp_path / "paper.toml").write_text(lines)
    call = ["bill", "-c", str(tmp_path / "house.ini"), "--log-dir", str(tmp_path / "log")]
    return [*call, "--check", str(tmp_path / "paper.toml")]


def test_what_the_page_of_the_buyer_says_is_of_injected_energy_alone(tmp_path):
    page = tmp_path / "revenue.html"
    text = REVENUE.replace("kwh = 1066", "index_to = 5979\nestimated = true\ntva = 20\nkwh = 1066")
    assert main([*house_that_injects(tmp_path, text), "--lang", "fr", "-o", str(page)]) == 0
    shown = words(page)
    assert "10 kWh payés trop tôt" in shown
    assert "un revenu n'a pas de TVA ; enlevez tva = 20" in shown
    assert "TH" not in shown
    assert re.search(r"17 juin 2026 5 969", shown)


@pytest.mark.parametrize(
    ("lang", "says", "foreign"),
    [
        ("fr", "l'acheteur paie 235,79 €", r"TVA|TTC|fournisseur|abonnement"),
        ("en", "the buyer pays €235.79", r"TVA|taxes|supplier|subscription"),
    ],
)
def test_the_paper_of_the_buyer_of_injected_energy_has_a_page_without_taxes(tmp_path, lang, says, foreign):
    """776 kWh at 0.1276 are 99.02, 1066 at 0.1283 are 136.77; the price is set a tenth lower, so ours is less."""
    house = house_that_injects(tmp_path)
    page = tmp_path / "revenue.html"
    assert main([*house, "--lang", lang, "-o", str(page)]) == 0
    shown = words(page)
    assert says in shown
    assert re.search(r"0[.,]1283, (le nôtre|ours) 0[.,]1183", shown)
    assert re.findall(foreign, shown) == []


def test_the_page_shows_how_kwh_were_shared_by_days(folder, tmp_path):
    """1334 + 1685 = 3019 kWh of HN over 24 and 35 days of 59."""
    ini, page = tmp_path / "days.ini", tmp_path / "days.html"
    ini.write_text(INI + "split = days\n")
    call = ["bill", "-c", str(ini), "--lang", "fr", "--log-dir", str(folder / "log")]
    assert main([*call, "-s", FIRST, "-e", LAST, "-o", str(page)]) == 0
    shown = words(page)
    assert "68 832 → 71 851 = 3 019 kWh × 24/59 = 1 228, par jours" in shown
    assert "68 832 → 71 851 = 3 019 kWh − 1 228 = 1 791, le reste" in shown
    assert "kWh partagés par jours" in shown


def test_a_total_that_is_not_its_lines_is_told_once_and_the_sign_stands_before_the_euro(folder, tmp_path):
    paper = tmp_path / "paper.toml"
    paper.write_text(PAPER.replace("total = 705.80", "total = 750.80"))
    page = words(drawn(folder, "en", "--check", str(paper)))
    assert page.count("the lines of the paper and their TVA are 705.80 €, its total is 750.80 €") == 1
    assert "+€ 45.85" in page


def test_registers_have_the_colour_of_their_tariff(folder):
    page = drawn(folder, "en").read_text("utf-8")
    assert re.findall(r'<span class="(dot[^"]*)"></span>([^<]*)<', page) == [
        ("dot k-hn", "Normal hours"),
        ("dot k-hn", "Normal hours"),
        ("dot square k-pm", "Mobile peak hours"),
        ("dot square k-pm", "Mobile peak hours"),
    ]


def test_a_bill_without_prices_has_a_page_without_amounts(folder, tmp_path):
    ini = tmp_path / "bare.ini"
    ini.write_text("")
    page = tmp_path / "bill.html"
    call = ["bill", "-c", str(ini), "--lang", "en", "--log-dir", str(folder / "log")]
    assert main([*call, "-s", FIRST, "-e", LAST, "-o", str(page)]) == 0
    assert "the total is not known: a line is missing" in words(page)


@pytest.mark.browser
@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize("checked", [False, True])
def test_the_page_opens_without_a_request_and_prints_on_one_sheet(folder, browser, lang, checked):
    options = ("--check", str(folder / "paper.toml")) if checked else ()
    path = drawn(folder, lang, *options)
    tab = browser.new_page(viewport={"width": 390, "height": 800})
    asked, faults = [], []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("console", lambda message: faults.append(message.text))
    tab.goto(path.as_uri())
    assert asked == [path.as_uri()]
    assert faults == []
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    content = tab.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", content)) == 1
    tab.close()


@pytest.mark.browser
@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize("width", [390, 320])
def test_nothing_runs_over_a_card_of_a_phone_and_each_index_is_in_sight(folder, browser, lang, width):
    path = drawn(folder, lang, "--check", str(folder / "paper.toml"))
    tab = browser.new_page(viewport={"width": width, "height": 800})
    tab.goto(path.as_uri())
    over = """[...document.querySelectorAll('section')].flatMap(card => {
        const edge = card.getBoundingClientRect().right - parseFloat(getComputedStyle(card).paddingRight) + 1
        return [...card.querySelectorAll('table, td, th, li, p')]
            .filter(each => each.getBoundingClientRect().right > edge).map(each => each.textContent)})"""
    assert tab.evaluate(over) == []
    moments = re.sub(r"[\s\u00a0\u202f,]+", " ", tab.inner_text(".moments"))
    for indexes in ("HN 68 832 PM 8 007", "HN 70 166 PM 8 095", "HN 71 851 PM 8 311"):
        assert indexes in moments
    tab.close()


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(folder, browser, theme):
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright",
        reason="axe-playwright-python is not installed: AXE HAS NOT LOOKED",
    )
    path = drawn(folder, "fr", "--check", str(folder / "paper.toml"))
    tab = browser.new_page(viewport={"width": 1280, "height": 800}, color_scheme=theme)
    tab.goto(path.as_uri())
    found = axe.Axe().run(tab)
    assert found.violations_count == 0, found.generate_report()
    tab.close()


def test_a_label_of_the_paper_is_text_on_the_page(folder, tmp_path):
    paper = tmp_path / "paper.toml"
    paper.write_text('[[line]]\nkind = "credit"\nlabel = "<img src=x onerror=alert(1)>"\neur = 1.00\n')
    page = drawn(folder, "en", "--check", str(paper)).read_text("utf-8")
    assert "<img" not in page
    assert "&lt;img src=x" in page
