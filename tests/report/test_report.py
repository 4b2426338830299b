"""Pages from logs: what is written, what they say, and that no text of a meter gets out of hand."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from itertools import accumulate
from operator import add, sub
from pathlib import Path

import pytest

from linkymonitor.daily_log.columns import Columns
from linkymonitor.errors import ConfigError
from linkymonitor.meter.acceptance.frames import Held
from linkymonitor.meter.quarantine import FILE_NAME, KEPT, Quarantine
from linkymonitor.model.terms import Colour
from linkymonitor.money.tariffs import Prices
from linkymonitor.report import build as report
from linkymonitor.report import figures
from linkymonitor.report.calendar import Summary
from linkymonitor.report.days import as_json, days
from linkymonitor.report.gather import split_days
from linkymonitor.report.texts import TEXTS
from linkymonitor.report.words import Words
from linkymonitor.system.storage import Storage
from tests.report.house import PARIS, contract, flat, lively, local, period_of, records, write_log

DAY = date(2026, 1, 13)
PRICES = Prices(hn=Decimal("0.1418"), pm=Decimal("1.0867"), subscription_month=Decimal("19.32"))
VOID = frozenset(("meta", "link", "input", "br", "hr", "img"))
HOSTILE = "</script><img src=x onerror=alert(1)>"


class Strict(HTMLParser):
    """Refuses what is not closed in order, and collects what a page refers to."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"an attribute twice in <{tag}>"
        assert not any(name.startswith("on") for name in names), f"a handler in <{tag}>"
        self.links += [value for name, value in attrs if name in ("href", "src", "action") and value]
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> is out of order"


def parsed(page: str) -> Strict:
    """Return what a strict reader makes of *page*."""
    reader = Strict()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    assert len(reader.ids) == len(set(reader.ids)), "an id twice"
    return reader


def build(tmp_path, rows, dates=(DAY, DAY), *, prices=PRICES, now=None, lang="fr", settings=None, **options):
    """Write the log of *rows*, then the pages, and return them as text by name."""
    logs = tmp_path / "logs"
    if not logs.exists():
        write_log(logs, rows)
    settings = settings or report.Settings(dir=tmp_path / "pages")
    paths = report.build(
        settings,
        logs,
        dates,
        tz=PARIS,
        lang=lang,
        prices=prices,
        now=now or local(DAY + timedelta(days=3)),
        storage=Storage(),
        **options,
    )
    return {path.name: path.read_text("utf-8") for path in paths}


def ejp_day(**options):
    return records(
        local(DAY) - timedelta(days=1, minutes=5),
        local(DAY + timedelta(days=1), 1),
        **{"step": 60, "period": period_of("EJP", [DAY]), **options},
    )


def text_of(page: str) -> str:
    """Return the words of *page*, its blanks made plain."""
    body = re.sub(r"<(script|style).*?</\1>", "", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)).replace(" ,", ",").replace(" .", ".")


STATES = {
    "whole": (lambda: ejp_day(), {}),
    "english": (lambda: ejp_day(), {"lang": "en"}),
    "no-prices": (lambda: ejp_day(), {"prices": Prices()}),
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
    assert list(pages) == ["2026-01-13.html", "index.html"]
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
    assert "Une charge de 2,1 kVA environ a duré de 1 h à 4 h 10, en heures normales" in said
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
    said = text_of(build(tmp_path, ejp_day(), lang="en")["2026-01-13.html"])
    assert "Tuesday 13 January 2026" in said
    assert re.search(r"This day cost €\d+\.\d\d for \d+\.\d kWh", said)
    assert "EJP day, 7:00 to 1:00" in said


def test_prices_that_are_not_set_are_said_and_no_cost_is_invented(tmp_path):
    page = build(tmp_path, ejp_day(), prices=Prices())["2026-01-13.html"]
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


@pytest.mark.parametrize("prices", [Prices(base=Decimal("0.2")), Prices()], ids=["eur", "kwh"])
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


def test_the_calendar_gathers_the_pages_that_are_there(tmp_path):
    rows = records(
        local(DAY) - timedelta(days=3),
        local(DAY + timedelta(days=1)),
        step=120,
        period=period_of("EJP", [DAY]),
    )
    build(tmp_path, rows, (DAY - timedelta(days=2), DAY - timedelta(days=1)))
    index = build(tmp_path, rows)["index.html"]
    reader = parsed(index)
    assert [link for link in reader.links if link.startswith("2026-01-1")] == [
        "2026-01-11.html",
        "2026-01-12.html",
        "2026-01-13.html",
    ]
    assert 'class="tag peak">EJP' in index
    assert "en 3 jours, 1 EJP" in text_of(index)


def test_the_calendar_counts_the_ejp_days_left_only_when_it_saw_the_winter(tmp_path):
    first = date(2025, 11, 1)
    rows = records(
        local(first), local(first + timedelta(days=4)), step=600, period=period_of("EJP", [date(2025, 11, 3)])
    )
    now = local(first + timedelta(days=9))
    whole = build(tmp_path, rows, (first, first + timedelta(days=3)), now=now)["index.html"]
    assert "Il reste 21 jours EJP sur 22" in text_of(whole).replace("\xa0", " ")
    part = report.Settings(dir=tmp_path / "part")
    half = build(tmp_path, rows, (date(2025, 11, 2), date(2025, 11, 4)), now=now, settings=part)["index.html"]
    assert "Il reste" not in text_of(half)


def partial_rows():
    """Return three days, the last one heard from 9 h to 15 h only."""
    return records(
        local(DAY) - timedelta(days=2),
        local(DAY, 15),
        step=120,
        contract=contract("BASE"),
        silent=[(local(DAY) - timedelta(minutes=1), local(DAY, 9))],
    )


@pytest.mark.parametrize(
    ("lang", "last", "sums", "mark"),
    [
        ("fr", "Dernier jour complet, lundi 12", "en 3 jours, dont 1 en partie", "partiel"),
        ("en", "Last full day, Monday 12", "in 3 days, 1 of them in part", "partial"),
    ],
)
def test_the_calendar_neither_calls_a_partial_day_full_nor_ranks_it(tmp_path, lang, last, sums, mark):
    prices = Prices(base=Decimal("0.2"), subscription_month=Decimal(15))
    options = {"lang": lang, "prices": prices}
    build(tmp_path, partial_rows(), (DAY - timedelta(days=2), DAY), **options)
    # The other days are read back from their pages.
    index = build(tmp_path, [], **options)["index.html"]
    said = text_of(index).replace("\xa0", " ")
    assert last in said
    assert said.count(sums) == 2, "for the year and for the month"
    cells = re.findall(r'class="day (\w+)" href="([^"]+)" title="([^"]*)"[^>]*>(.*?)</a>', index)
    assert sorted(style for style, *_ in cells) == ["d1", "d3", "void"]
    assert cells[2][0] == "void"
    assert [mark in title for _, _, title, _ in cells] == [False, False, True]
    assert f'<span class="tag partial">{mark}</span>' in cells[2][3]


@pytest.mark.parametrize("head", ["", "junk", '<meta name="linkymonitor-day" content="{">', "\0" * 50])
def test_a_page_that_is_not_ours_says_nothing(head):
    assert Summary.read(DAY, head) == Summary(day=DAY, wh=None, eur=None)


def test_a_summary_comes_back_as_it_went():
    rows = ejp_day()
    (found,) = split_days([Columns.of(rows)], DAY, DAY, PARIS)
    summary = Summary.of(figures.day_figures(found, PARIS, PRICES, local(DAY + timedelta(days=2))))
    from html import escape

    head = f'<meta name="linkymonitor-day" content="{escape(summary.as_text())}">'
    assert Summary.read(DAY, head) == summary
    assert summary.ejp


def test_a_user_may_replace_a_section_and_add_one(tmp_path):
    mine = tmp_path / "mine"
    (mine / "sections").mkdir(parents=True)
    (mine / "sections" / "answer.html.j2").write_text("<p>MINE {{ day.consumed }}</p>")
    (mine / "sections" / "extra.html.j2").write_text("<p>EXTRA</p>")
    settings = report.Settings(dir=tmp_path / "pages", templates=mine, sections=("answer", "extra"))
    page = build(tmp_path, ejp_day(), settings=settings)["2026-01-13.html"]
    assert re.search(r"MINE \d+", page)
    assert "EXTRA" in page
    assert "Synthèse" not in page


@pytest.mark.parametrize(
    ("template", "sections", "said"),
    [
        pytest.param(None, ("nothere",), "nothere", id="missing"),
        pytest.param("{{ day.nothere }}", ("answer",), "nothere", id="undefined"),
        pytest.param("{% if %}", ("answer",), "answer", id="syntax"),
    ],
)
def test_a_wrong_template_is_one_sentence(tmp_path, template, sections, said):
    mine = tmp_path / "mine"
    (mine / "sections").mkdir(parents=True)
    if template:
        (mine / "sections" / "answer.html.j2").write_text(template)
    settings = report.Settings(dir=tmp_path / "pages", templates=mine, sections=sections)
    with pytest.raises(ConfigError, match=said):
        build(tmp_path, ejp_day(), settings=settings)


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_a_section_that_is_not_there_is_said_at_once_with_those_that_are(tmp_path, monkeypatch, lang):
    monkeypatch.setenv("LC_ALL", {"fr": "fr_FR.UTF-8", "en": "en_GB.UTF-8"}[lang])
    (tmp_path / "mine" / "sections").mkdir(parents=True)
    (tmp_path / "mine" / "sections" / "extra.html.j2").write_text("")
    settings = report.Settings(
        dir=tmp_path / "pages", templates=tmp_path / "mine", sections=("answer", "nope")
    )
    with pytest.raises(ConfigError) as refused:
        build(tmp_path, ejp_day(), settings=settings)
    there = "answer, cards, chart, contract, extra, hours, quality, synthesis"
    assert (
        str(refused.value)
        == {
            "fr": f"[report] sections = nope : cette section n'existe pas ; il y a {there}",
            "en": f"[report] sections = nope: there is no such section; there are {there}",
        }[lang]
    )
    assert not (tmp_path / "pages").exists()


@pytest.mark.parametrize(("lang", "said"), [("fr", "ce dossier n'existe pas"), ("en", "no such folder")])
def test_a_folder_of_templates_that_is_not_there_is_said_in_the_language_of_the_terminal(
    tmp_path, monkeypatch, lang, said
):
    monkeypatch.setenv("LC_ALL", lang)
    settings = report.Settings(dir=tmp_path / "pages", templates=tmp_path / "nowhere")
    with pytest.raises(ConfigError, match=said):
        build(tmp_path, [], settings=settings)


def test_settings_refuse_a_section_that_is_a_path():
    with pytest.raises(ValueError, match="sections"):
        report.Settings(sections=("../secret",))


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


def test_figures_do_not_need_jinja(tmp_path):
    import subprocess
    import sys

    code = "import sys; from linkymonitor import report; sys.exit('jinja2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_json_comes_from_the_same_figures(tmp_path):
    rows = ejp_day(step=12)
    page = build(tmp_path, rows)["2026-01-13.html"]
    found = as_json(
        tmp_path / "logs",
        (DAY, DAY),
        tz=PARIS,
        prices=PRICES,
        now=local(DAY + timedelta(days=3)),
        storage=Storage(),
    )
    assert json.loads(json.dumps(found)) == found
    words = Words("fr", PARIS)
    assert words.kwh(found["consumed"]["wh"]) in page
    assert words.eur(Decimal(found["total"]["eur"])) in page
    assert found["quality"]["coverage"] == 1.0


def test_a_midnight_inside_a_silence_looks_further_for_its_index(tmp_path):
    silent = [(local(DAY) - timedelta(hours=3), local(DAY, 3))]
    rows = records(
        local(DAY) - timedelta(days=1), local(DAY + timedelta(days=1), 1), power=flat(1000), silent=silent
    )
    write_log(tmp_path / "logs", rows)
    (day,) = days(
        tmp_path / "logs",
        (DAY, DAY),
        tz=PARIS,
        prices=PRICES,
        now=local(DAY + timedelta(days=3)),
        storage=Storage(),
    )
    assert abs(day.consumed - 24000) <= 6
    (gap,) = day.quality.gaps
    assert gap.shared
    assert abs(gap.wh - 3000) <= 9


# What was refused, and why


def write_quarantine(folder: Path, *held: tuple[int, str]) -> None:
    """Hold back a group at each of these minutes of the day, for these causes, as the daemon does.

    Each has a label of its own, so that each has its line.
    """
    folder.mkdir(exist_ok=True)
    quarantine = Quarantine(Storage(), folder)
    for number, (minute, cause) in enumerate(held):
        group = Held(b"PAPP 29990 >", f"PAPP{number}", "29990", cause)
        quarantine.hold([group], local(DAY) + timedelta(minutes=minute), 0.0)
    quarantine.close()


def refused_rows(tmp_path, *held: tuple[int, str], rejected: int = 12, **options) -> str:
    write_log(
        tmp_path / "logs",
        [row._replace(rejected=rejected * (at == 2000)) for at, row in enumerate(ejp_day())],
    )
    if held:
        write_quarantine(tmp_path / "logs", *held)
    return text_of(build(tmp_path, [], **options)[f"{DAY}.html"])


def test_the_page_says_why_groups_were_refused(tmp_path):
    held = [(600, "cross"), (601, "cross"), (700, "index"), (800, "domain"), (900, "order"), (-30, "order")]
    page = refused_rows(tmp_path, *held)
    assert (
        "Groupes refusés 12 illisibles : somme, parité ou forme 7 en désaccord avec leur trame 2 "
        "de valeur impossible 1 index en recul, ou en bond 1 autres causes 1 Trous"
    ) in page


def test_in_english_too(tmp_path):
    page = refused_rows(tmp_path, (600, "cross"), lang="en")
    assert (
        "Groups rejected 12 unreadable: checksum, parity or shape 11 at odds with their frame 1 Gaps" in page
    )


def test_groups_that_are_only_counted_are_counted_on_the_page(tmp_path):
    (tmp_path / "logs").mkdir()
    quarantine = Quarantine(Storage(), tmp_path / "logs")
    for second in range(7000):
        absurd = Held(b"SINSTS1\t48370\tM", "SINSTS1", "48370", "domain")
        quarantine.hold([absurd], local(DAY) + timedelta(hours=9, seconds=second), float(second))
    quarantine.close()
    assert "7 000 de valeur impossible" in refused_rows(tmp_path, rejected=7000).replace(
        "7000 de", "7 000 de"
    )


def test_what_the_quarantine_has_forgotten_is_not_called_unreadable(tmp_path):
    page = refused_rows(tmp_path, *((800, "cross") for _ in range(KEPT)), rejected=KEPT + 7)
    assert "illisibles, ou cause non gardée 7 en désaccord avec leur trame 500" in page


@pytest.mark.parametrize("at", [0, 7, KEPT - 1])
def test_one_line_with_a_wrong_date_does_not_make_the_quarantine_remember_more(tmp_path, at):
    minutes = [800] * (KEPT + 20)
    minutes[20 + at] = -2_000_000
    page = refused_rows(tmp_path, *((minute, "cross") for minute in minutes), rejected=KEPT + 7)
    assert "illisibles, ou cause non gardée 8 en désaccord avec leur trame 499" in page


def test_without_a_quarantine_the_page_gives_the_number_alone(tmp_path):
    assert "Groupes refusés 12 Trous" in refused_rows(tmp_path)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(b"\xff\x00\t\t\n" * 50, id="garbage"),
        pytest.param(b"2026/13/45 99:00:00\tcross\tPAPP\n", id="no-such-time"),
        pytest.param(b"2026/01/13 12:00:00\t" + HOSTILE.encode() + b"\tPAPP\n", id="hostile"),
    ],
)
def test_a_damaged_quarantine_costs_the_lines_that_are(tmp_path, damage):
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / FILE_NAME).write_bytes(damage)
    page = refused_rows(tmp_path)
    assert "Groupes refusés 12" in page
    assert "onerror" not in page


def test_the_page_says_that_the_registers_and_the_total_disagree(tmp_path):
    noon = local(DAY, 12)
    rows = [
        row._replace(total_index=sum(row.indexes.values()) + (1500 if row.ended_at > noon else 0))
        for row in ejp_day()
    ]
    page = text_of(build(tmp_path, rows)[f"{DAY}.html"])
    assert "Les registres et le total du compteur s’écartent de 1 500 Wh" in page
