"""Pages from logs: what they say, and that no text of a meter gets out of hand."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate
from operator import add, sub
from pathlib import Path

import pytest

from linkymonitor.model.terms import Colour
from linkymonitor.money.book import PriceBook
from linkymonitor.money.tariffs import Prices
from linkymonitor.report import build as report
from linkymonitor.report.texts import TEXTS
from linkymonitor.report.words import Words
from tests.report.drawn import DAY, HOSTILE, build, ejp_day, parsed, text_of
from tests.report.house import PARIS, contract, flat, lively, local, period_of, records, write_log

STATES = {
    "whole": (lambda: ejp_day(), {}),
    "english": (lambda: ejp_day(), {"lang": "en"}),
    "no-prices": (lambda: ejp_day(), {"prices": PriceBook(Prices())}),
    "empty": (list, {}),
    "partial": (lambda: records(local(DAY, 9), local(DAY, 15), step=60), {}),
    "one-record": (lambda: records(local(DAY, 9), local(DAY, 9, 1), step=60), {}),
    "so-far": (
        lambda: records(local(DAY) - timedelta(hours=1), local(DAY, 14), step=60),
        {"now": local(DAY, 14), "autorefresh": True},
    ),
    "not-yet": (list, {"now": local(DAY) - timedelta(days=3)}),
    "gap": (lambda: ejp_day(silent=[(local(DAY, 3), local(DAY, 5))]), {}),
    "tempo": (
        lambda: ejp_day(
            contract=contract("TEMPO"), period=period_of("TEMPO", tempo={DAY: "R"}), tomorrow=Colour.WHITE
        ),
        {},
    ),
    "injected-index": (lambda: ejp_day(injected_index=12), {}),
    "meter-changed": (
        lambda: (
            records(local(DAY), local(DAY, 12), step=60)
            + records(
                local(DAY, 12), local(DAY, 23), step=60, contract=contract(meter="aa"), indexes={"HN": 1}
            )
        ),
        {},
    ),
}


@pytest.mark.parametrize("state", STATES)
def test_every_state_is_a_valid_page_that_refers_to_nothing_outside(tmp_path, state):
    make, options = STATES[state]
    pages = build(tmp_path, make(), **options)
    # A month that has not come yet has no page.
    longer = [] if state == "not-yet" else ["2026-01.html", "2026.html"]
    assert list(pages) == ["2026-01-13.html", *longer, "index.html"]
    for page in pages.values():
        reader = parsed(page)
        for link in reader.links:
            assert link.startswith("data:image/") or "//" not in link
            assert not link.startswith("/")
        for link in reader.links:
            if not link.startswith(("data:", "#")) and "#" not in link:
                assert (tmp_path / "pages" / link).is_file(), f"{link} leads nowhere"
        assert "None" not in text_of(page)
        assert "Undefined" not in page


def test_the_answer_comes_first(tmp_path):
    page = build(tmp_path, ejp_day(step=12))["2026-01-13.html"]
    said = text_of(page)
    assert "Mardi 13 janvier 2026" in said
    assert "Jour EJP, 7 h à 1 h" in said
    assert re.search(r"Ce jour a coûté \d+,\d\d € pour \d+,\d kWh, dont \d+,\d\d € en heures de pointe", said)
    assert (
        "Une charge de 2,1 kVA environ, sans doute le chauffe-eau, a duré de 1 h à 4 h 10, en heures normales"
        in said
    )
    assert said.index("Ce jour a coûté") < said.index("Consommé") < said.index("Synthèse")


def test_french_numbers_and_signs_do_not_break(tmp_path):
    page = build(tmp_path, ejp_day())["2026-01-13.html"]
    body = re.sub(r"<(script|style).*?</\1>", "", page, flags=re.DOTALL)
    assert not re.search(r"\d (kWh|kVA|VA|€|h|%)(?![a-zé])", body), "a breaking space before a unit"
    assert not re.search(r" [:;?!]", re.sub(r"<[^>]*>", "", body)), "a breaking space before a sign"
    assert re.search("1\u202f\\d{3}", body)


def test_words_have_both_languages_and_the_same_places():
    for name, text in TEXTS.items():
        assert text.fr.count("{}") == text.en.count("{}"), name


def test_the_number_of_a_supplier_index_is_named_in_the_language_of_the_page():
    """The terminal of these tests speaks French."""
    assert Words("fr", PARIS).period("F03") == "Index fournisseur 3"
    assert Words("en", PARIS).period("F03") == "Supplier index 3"


def test_english_is_english(tmp_path):
    page = build(tmp_path, ejp_day(), lang="en")["2026-01-13.html"]
    said = text_of(page)
    assert "Tuesday 13 January 2026" in said
    assert re.search(r"This day cost €\d+\.\d\d for \d+\.\d kWh", said)
    assert "EJP day, 7:00 to 1:00" in said
    body = re.sub(r"<(script|style).*?</\1>", "", page, flags=re.DOTALL)
    assert not re.search(r"\d (kWh|kVA|VA|W)\b", body), "a breaking space before a unit"


def test_prices_that_are_not_set_are_said_and_no_cost_is_invented(tmp_path):
    page = build(tmp_path, ejp_day(), prices=PriceBook(Prices()))["2026-01-13.html"]
    said = text_of(page)
    assert "prix non réglés" in said
    assert not re.search(r"\d €", said.replace("\xa0", " "))


def test_an_empty_day_says_so(tmp_path):
    said = text_of(build(tmp_path, [])["2026-01-13.html"])
    assert "Aucun relevé pour ce jour" in said
    assert "Sans mesure" in said


def test_a_torn_log_still_gives_a_page(tmp_path):
    write_log(tmp_path / "logs", ejp_day())
    for path in (tmp_path / "logs").iterdir():
        content = path.read_bytes()
        path.write_bytes(
            content[: len(content) // 2] + b"\0\0\0\xff garbage\n" + content[len(content) // 2 : -7]
        )
    page = build(tmp_path, [])["2026-01-13.html"]
    parsed(page)
    assert "kWh" in page


def test_the_text_of_a_meter_never_becomes_markup(tmp_path):
    rows = ejp_day(contract=contract(HOSTILE), period=period_of("SUPER"))
    for lang in ("fr", "en"):
        for page in build(tmp_path, rows, lang=lang).values():
            reader = parsed(page)
            assert "img" not in reader.tags
            assert reader.tags.count("script") <= 3
    assert "&lt;/script&gt;" in (tmp_path / "pages" / "2026-01-13.html").read_text("utf-8")


def test_register_names_from_anywhere_are_harmless():
    words = Words("fr", PARIS)
    for name in (HOSTILE, "", "F", "F²", "F99", "HN", "x" * 99):
        assert re.fullmatch(r"[a-z0-9]+", words.kind(name))
        assert words.period(name) is not None


def test_no_script_runs_but_the_one_whose_hash_is_announced(tmp_path):
    import base64
    import hashlib

    page = build(tmp_path, ejp_day())["2026-01-13.html"]
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    assert policy.startswith("default-src 'none'")
    assert "unsafe-eval" not in policy
    scripts = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    assert len(scripts) == 1
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    assert f"'sha256-{digest}'" in policy
    script_src = re.search(r"script-src ([^;]*)", policy)[1]
    assert "unsafe-inline" not in script_src


def test_the_same_data_give_the_same_bytes(tmp_path):
    rows = ejp_day()
    assert build(tmp_path, rows) == build(tmp_path, rows)


def unpacked(column: list) -> list[int]:
    return [number for item in column for number in ([item] if isinstance(item, int) else [0] * item[0])]


def test_the_page_carries_the_lowest_and_the_highest_as_the_log_has_them(tmp_path):
    rows = ejp_day()
    page = build(tmp_path, rows)[f"{DAY}.html"]
    data = json.loads(re.search(r'id="data">(.*?)</script>', page)[1])
    power = list(accumulate(unpacked(data["series"][0]["values"])))
    below, above = unpacked(data["below"]), unpacked(data["above"])
    inside = [row for row in rows if local(DAY) < row.ended_at <= local(DAY + timedelta(days=1))]
    assert power == [row.apparent_power for row in inside]
    assert list(map(sub, power, below)) == [row.power_min for row in inside]
    assert list(map(add, power, above)) == [row.power_max for row in inside]


@pytest.mark.parametrize(("lang", "said"), [("fr", "Il manque plus de 99 %"), ("en", "More than 99%")])
def test_when_something_is_there_never_all_is_missing(tmp_path, lang, said):
    rows = records(local(DAY, 9), local(DAY, 9, 1), step=60)
    assert said in text_of(build(tmp_path, rows, lang=lang)[f"{DAY}.html"]).replace("\xa0", " ")


@pytest.mark.parametrize(
    "prices", [PriceBook(Prices(base=Decimal("0.2"))), PriceBook(Prices())], ids=["eur", "kwh"]
)
@pytest.mark.parametrize(("power", "told"), [(1000, False), (None, True)], ids=["level", "lively"])
def test_no_hour_is_called_dearest_when_all_are_alike(tmp_path, prices, power, told):
    rows = records(
        local(DAY) - timedelta(hours=1),
        local(DAY + timedelta(days=1), 1),
        step=60,
        contract=contract("BASE"),
        power=flat(power) if power else lively,
    )
    # Whole Wh: an index that is read each hour goes on by the same.
    rows = [
        row._replace(indexes={"TH": round((row.ended_at - local(DAY)).total_seconds() / 3.6) + 9000})
        if power
        else row
        for row in rows
    ]
    said = text_of(build(tmp_path, rows, prices=prices)[f"{DAY}.html"])
    assert ("Heure la plus" in said) is told


def test_a_full_day_is_light(tmp_path):
    page = build(tmp_path, ejp_day(step=12, power=lambda when: max(lively(when), 0) * 2))["2026-01-13.html"]
    assert len(page.encode()) < 200_000


def test_dygraphs_is_copied_once_with_its_licence(tmp_path):
    build(tmp_path, ejp_day())
    folder = tmp_path / "pages" / "dygraphs"
    assert sorted(path.name for path in folder.iterdir()) == sorted(report.DYGRAPHS)
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    build(tmp_path, [])
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    (folder / "dygraph.min.js").write_text("// an older version")
    build(tmp_path, [])
    assert len((folder / "dygraph.min.js").read_text()) > 100_000


def test_vendored_dygraphs_is_what_version_says():
    import hashlib

    folder = Path(report.__file__).parents[2] / "static" / "dygraphs"
    for digest, name in re.findall(r"([0-9a-f]{64})  (\S+)", (folder / "VERSION").read_text()):
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


def test_a_page_refreshes_itself_when_asked(tmp_path):
    for page in build(tmp_path, ejp_day(), autorefresh=True).values():
        assert "600" in page
        assert 'http-equiv="refresh"' in page
    for page in build(tmp_path, ejp_day()).values():
        assert 'http-equiv="refresh"' not in page


def test_notes_are_those_of_the_contract(tmp_path):
    cases = {
        "base": (contract("BASE"), "En mode historique, un Linky"),
        "ejp": (contract("EJP"), "préavis non garanti"),
        "old": (contract("HC", estimated_power=True), "estimée depuis l’intensité"),
    }
    for name, (made, note) in cases.items():
        rows = records(local(DAY), local(DAY, 6), contract=made, step=300)
        said = text_of(build(tmp_path / name, rows)["2026-01-13.html"])
        assert note in said


def test_the_hour_that_comes_twice_says_which(tmp_path):
    day = date(2025, 10, 26)
    rows = records(local(day), local(day + timedelta(days=1)), power=flat(700), step=120)
    page = build(tmp_path, rows, (day, day))["2025-10-26.html"]
    said = text_of(page)
    assert "Journée de 25 h" in said
    assert "2 h (UTC+2)" in said
    assert "2 h (UTC+1)" in said


def test_the_page_says_that_the_registers_and_the_total_disagree(tmp_path):
    noon = local(DAY, 12)
    rows = [
        row._replace(total_index=sum(row.indexes.values()) + (1500 if row.ended_at > noon else 0))
        for row in ejp_day()
    ]
    page = text_of(build(tmp_path, rows)[f"{DAY}.html"])
    assert "Les registres et le total du compteur s’écartent de 1 500 Wh" in page


def test_one_page_is_drawn_without_what_only_months_years_and_the_calendar_need():
    code = "import sys, linkymonitor.report.one_page; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    report = {name.removeprefix("linkymonitor.report.") for name in done.stdout.split()}
    assert "pages" in report
    assert not {"bill_page", "build", "calendar", "history", "period"} & report
