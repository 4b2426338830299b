"""The words for the options of a simulated house."""

from __future__ import annotations

import re
from datetime import date, time
from pathlib import Path

import pytest

from linkymonitor.model.terms import PERIODS, Mode
from linkymonitor.simulator.options import DEFAULT_DAY, FRENCH, VALUED, WORDS, Options, parse_spec
from tests.simulator.houses import HOUR, MINUTE

ROOT = Path(__file__).parents[2]


def test_a_specification_is_read_in_any_order_and_either_language():
    assert parse_spec("sim:standard,tempo,tri,seed=7,pv,noise=0.01,day=2026-01-13,at=06:58,peak") == Options(
        mode=Mode.STANDARD,
        contract="TEMPO",
        phases=3,
        seed=7,
        pv=True,
        noise=0.01,
        day=date(2026, 1, 13),
        at=time(6, 58),
        peak=True,
    )
    assert parse_spec("Pointe, producteur,jour=2026_01_13,puissance=6,couleur=rouge") == parse_spec(
        "colour=red,power=6,day=2026-01-13,producer,peak"
    )
    assert parse_spec("heure=05:59:59,duree=90,parite=non,graine=2") == parse_spec(
        "at=05:59:59,duration=90s,parity=no,seed=2"
    )
    assert parse_spec("") == parse_spec("sim:") == Options()
    assert parse_spec("ejp=2026-01-13+2026-01-14").contract == "EJP"
    assert parse_spec("kinds=flip+cut,every=60s,duration=2h,parity=no,speed=max,notice=11h,old") == Options(
        noise_kinds=("flip", "cut"),
        every=MINUTE,
        duration=2 * HOUR,
        parity=False,
        speed=None,
        notice=11 * HOUR,
        old=True,
    )


def test_the_indexes_may_count_from_a_day_after_the_default_one():
    assert parse_spec("since=2025-12-24").first_day == DEFAULT_DAY
    assert parse_spec("since=2026-11-20").first_day == date(2026, 11, 20)


@pytest.mark.usefixtures("english")
@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("tempoo", "tempoo: unknown, did you mean tempo?"),
        ("standard,sede=7", "sede=7: unknown, did you mean seed=?"),
        ("xyzzy", "xyzzy: unknown, expected some of standard, "),
        ("day=2026-01-13,since=2026-01-14", "since = 2026-01-14: expected a day of this century, until day"),
        ("seed", "seed: expected a value, as in seed=…"),
        ("jour", "jour: expected a value, as in jour=…"),
        ("jouur=2026-01-13", "jouur=2026-01-13: unknown, did you mean jour=?"),
        ("seed=many", "seed = many: expected a whole number"),
        ("day=13/01/2026", "day = 13/01/2026: expected a date such as 2026-01-13"),
        ("at=noon", "at = noon: expected a time such as 06:58"),
        ("noise=2", "noise = 2.0: expected a share of the lines, from 0 to 1"),
        ("noise=lots", "noise = lots: expected a share of the lines, from 0 to 1"),
        ("kinds=flop", "kinds = flop: expected flip+flips+"),
        ("phases=2", "phases = 2: expected 1 or 3"),
        ("power=99", "power = 99: expected 1 to 36 kVA"),
        ("contract=zen", "contract = zen: expected base, hc, "),
        ("colour=green", "colour = green: expected bleu, blue, "),
        ("every=soon", "every = soon: expected a duration such as 90s, 15m, 2h or 7d"),
        ("every=0s", "every: expected a duration such as 60s"),
        ("peak=maybe", "peak = maybe: expected yes or no"),
        ("speed=fast", "speed = fast: expected a number, or max"),
        ("speed=0", "speed = 0.0: expected a number above 0, or max"),
        ("old,standard", "old: a meter from before Linky has no standard mode, expected historique"),
    ],
)
def test_a_word_that_cannot_be_used_is_named_with_its_remedy(spec, message):
    with pytest.raises(ValueError) as raised:
        parse_spec(spec)
    assert str(raised.value).startswith(message)
    assert "\n" not in str(raised.value)


def test_an_unknown_word_is_told_all_that_are_known():
    with pytest.raises(ValueError) as raised:
        parse_spec("xyzzy")
    assert all(word in str(raised.value) for word in (*WORDS, *(f"{key}=" for key in VALUED)))


def documented(page: str) -> dict[str, tuple[str, str]]:
    """Each word of a page on the simulator, with the equals sign of a key → the other language's word, the default."""
    rows = re.findall(
        r"^\| `([a-z=]+)` \| ([^|]+) \| ([^|]+) \|", (ROOT / page).read_text("utf-8"), re.MULTILINE
    )
    return {word: (other.strip(" `"), default.strip(" `")) for word, other, default in rows}


@pytest.mark.parametrize("page", ["docs/simulator.md", "docs/simulator.fr.md"])
def test_the_pages_on_the_simulator_have_each_word_its_french_and_its_default(page):
    rows = documented(page)
    assert set(rows) == {*WORDS, *(f"{key}=" for key in VALUED)}
    french = {english: word for word, english in FRENCH.items()}
    for word, (other, default) in rows.items():
        assert other == french.get(word.rstrip("="), "–"), word
        if default != "–":
            assert parse_spec(f"{word.rstrip('=')}={default}") == Options(), word


@pytest.mark.usefixtures("english")
def test_a_contract_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="contract = ZEN: expected BASE, HC, EJP, TEMPO"):
        Options(contract="ZEN")
    assert set(PERIODS) == {"BASE", "HC", "EJP", "TEMPO"}
    with pytest.raises(ValueError, match="kinds =: expected flip"):
        Options(noise_kinds=())
