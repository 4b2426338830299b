"""Bills that were worked by hand, from logs, each line to the cent."""

from __future__ import annotations

import pytest

from tests.billing.house import BASE_6, EJP, billed, lines_of, new_meter, rows, run_bill, whole_year


def test_base_over_a_change_of_price(tmp_path, capsys):
    """12.68 × 18/31 = 7.3626; 13.72 × (1 + 12/31) = 19.0310; 288 × 0.2516 = 72.4608; 517 × 0.2016 = 104.2272."""
    log = rows(
        [
            ("2025-01-14", {"TH": 41_230_400}),
            ("2025-02-01", {"TH": 41_518_100}),
            ("2025-03-13", {"TH": 42_035_900}),
        ],
        subscribed_power=6000,
    )
    figures = billed(tmp_path, capsys, log, BASE_6, "2025-01-14", "2025-03-12")
    assert lines_of(figures) == [
        ("subscription", None, "2025-01-14", "2025-01-31", None, "12.68", "7.36"),
        ("subscription", None, "2025-02-01", "2025-03-12", None, "13.72", "19.03"),
        ("energy", "TH", "2025-01-14", "2025-01-31", 288, "0.2516", "72.46"),
        ("energy", "TH", "2025-02-01", "2025-03-12", 517, "0.2016", "104.23"),
    ]
    assert figures["total"] == {"eur": "203.08"}
    assert figures["tva"] == {"5.5": "1.38", "20": "29.45"}
    assert figures["path"] == "ttc"


def test_kwh_are_shared_by_days_where_the_supplier_has_no_index(tmp_path, capsys):
    """805 × 18/58 = 249.83, so 250 kWh at 0.2516 = 62.90, and the other 555 at 0.2016 = 111.89."""
    log = rows([("2025-01-14", {"TH": 41_230_000}), ("2025-03-13", {"TH": 42_035_000})])
    figures = billed(tmp_path, capsys, log, BASE_6 + "split = days\n", "2025-01-14", "2025-03-12")
    assert [line[4:] for line in lines_of(figures)[2:]] == [
        (250, "0.2516", "62.90"),
        (555, "0.2016", "111.89"),
    ]
    assert figures["total"] == {"eur": "201.18"}


def test_the_text_shows_how_kwh_were_shared_by_days(tmp_path, capsys):
    log = rows([("2025-01-14", {"TH": 41_230_000}), ("2025-03-13", {"TH": 42_035_000})])
    ini = BASE_6 + "split = days\n"
    _, out, _ = run_bill(tmp_path, capsys, log, ini, "2025-01-14", "2025-03-12")
    assert "  41230 → 42035 = 805 kWh × 18/58 = 250, by days\n  250 × 0.2516 = 62.9000\n" in out
    assert "  41230 → 42035 = 805 kWh − 250 = 555, the rest\n  555 × 0.2016 = 111.8880\n" in out


def test_off_peak_hours_over_a_change_of_price_and_of_the_tva(tmp_path, capsys):
    log = rows(
        [
            ("2025-07-09", {"HC": 18_250_000, "HP": 40_110_000}),
            ("2025-08-01", {"HC": 18_371_000, "HP": 40_402_000}),
            ("2025-09-09", {"HC": 18_577_000, "HP": 40_900_000}),
        ],
        "HC",
    )
    ini = "[contract]\noffer = tarif-bleu-hc\npower = 9\n"
    figures = billed(tmp_path, capsys, log, ini, "2025-07-09", "2025-09-08")
    assert [(line[1], line[4], line[6]) for line in lines_of(figures)] == [
        (None, None, "13.36"),
        (None, None, "25.09"),
        ("HC", 121, "20.52"),
        ("HC", 206, "33.68"),
        ("HP", 292, "62.66"),
        ("HP", 498, "103.63"),
    ]
    assert figures["total"] == {"eur": "258.94"}
    assert figures["tva"] == {"5.5": "0.70", "20": "40.93"}


def test_ejp_over_the_reform_from_printed_prices(tmp_path, capsys):
    log = rows(EJP, "EJP", subscribed_power=12_000)
    figures = billed(tmp_path, capsys, log, "[contract]\noffer = ejp\n", "2026-01-08", "2026-03-07")
    assert [(line[1], line[6]) for line in lines_of(figures)] == [
        (None, "17.84"),
        (None, "27.84"),
        ("HN", "189.16"),
        ("HN", "300.10"),
        ("PM", "95.63"),
        ("PM", "74.30"),
    ]
    assert figures["total"] == {"eur": "704.87"}
    assert figures["tva"] == {"20": "117.48"}


def test_ejp_over_the_reform_without_taxes_and_a_line_for_each_tax(tmp_path, capsys):
    log = rows(EJP, "EJP", subscribed_power=12_000)
    figures = billed(
        tmp_path, capsys, log, "[contract]\noffer = ejp\npath = ht\n", "2026-01-08", "2026-03-07"
    )
    assert sorted(lines_of(figures), key=str) == sorted(
        [
            ("subscription", None, "2026-01-08", "2026-01-31", None, "16.27", "12.60"),
            ("subscription", None, "2026-02-01", "2026-03-07", None, "16.92", "20.74"),
            ("energy", "HN", "2026-01-08", "2026-01-31", 1334, "0.0882", "117.66"),
            ("energy", "PM", "2026-01-08", "2026-01-31", 88, "0.8756", "77.05"),
            ("energy", "HN", "2026-02-01", "2026-03-07", 1685, "0.1176", "198.16"),
            ("energy", "PM", "2026-02-01", "2026-03-07", 216, "0.2558", "55.25"),
            ("tax", None, "2026-01-08", "2026-01-31", None, "21.93", "2.27"),
            ("tax", None, "2026-02-01", "2026-03-07", None, "15.00", "2.45"),
            ("tax", None, "2026-01-08", "2026-01-31", 1422, "0.02998", "42.63"),
            ("tax", None, "2026-02-01", "2026-03-07", 1901, "0.03085", "58.65"),
        ],
        key=str,
    )
    assert figures["path"] == "ht"
    assert figures["ht"] == {"eur": "587.46"}
    assert figures["tva"] == {"20": "117.49"}
    assert figures["total"] == {"eur": "704.95"}


@pytest.mark.parametrize(
    ("proration", "euros"),
    [
        ("calendar-month", "17.48"),  # 15.65 × (15/31 + 19/30)
        ("year-365", "17.49"),  # 15.65 × 12 × 34/365
        ("year-366", "17.49"),
        ("month-30", "17.74"),  # 15.65 × 34/30
        ("anniversary", "17.22"),  # 15.65 × (1 + 3/30)
    ],
)
def test_a_contract_that_begins_in_the_middle_of_a_month(tmp_path, capsys, proration, euros):
    log = rows(
        [
            ("2026-03-17", {"HC": 77_410_000, "HP": 120_066_000}),
            ("2026-04-20", {"HC": 77_597_000, "HP": 120_402_000}),
        ],
        "HC",
        subscribed_power=6000,
    )
    ini = f"[contract]\noffer = tarif-bleu-hc\nsince = 2026-03-17\nproration = {proration}\n"
    figures = billed(tmp_path, capsys, log, ini, "2026-03-17", "2026-04-19")
    assert [line[6] for line in lines_of(figures)] == [euros, "29.53", "69.38"]


@pytest.mark.parametrize(
    ("day", "after", "hours", "lines", "total"),
    [
        ("2025-10-26", "2025-10-27", (9, 16), ["0.64", "1.47", "3.33"], "5.44"),
        ("2026-03-29", "2026-03-30", (7, 16), ["0.63", "1.11", "3.30"], "5.04"),
    ],
)
def test_a_day_on_which_the_clock_changes(tmp_path, capsys, day, after, hours, lines, total):
    off, on = hours
    log = rows(
        [
            (day, {"HC": 1_000_000, "HP": 2_000_000}),
            (after, {"HC": 1_000_000 + off * 1000, "HP": 2_000_000 + on * 1000}),
        ],
        "HC",
    )
    figures = billed(tmp_path, capsys, log, "[contract]\noffer = tarif-bleu-hc\n", day, day)
    assert [line[6] for line in lines_of(figures)] == lines
    assert figures["total"] == {"eur": total}


def test_a_new_meter_has_a_line_of_its_own(tmp_path, capsys):
    figures = billed(tmp_path, capsys, new_meter(), BASE_6, "2026-05-20", "2026-07-19")
    assert lines_of(figures) == [
        ("subscription", None, "2026-05-20", "2026-07-19", None, "15.65", "31.30"),
        ("energy", "TH", "2026-05-20", "2026-06-03", 246, "0.1940", "47.72"),
        ("energy", "TH", "2026-06-03", "2026-07-19", 506, "0.1940", "98.16"),
    ]
    assert figures["total"] == {"eur": "177.18"}
    assert [(line["index_from"], line["index_to"]) for line in figures["lines"][1:]] == [
        (58_231_000, 58_477_000),
        (3_000, 509_000),
    ]


def test_injected_energy_is_a_document_of_its_own(tmp_path, capsys):
    log = rows(
        [("2025-06-18", {"TH": 1_000_000}), ("2026-06-18", {"TH": 1_000_000})],
        injected=[("2025-06-18", 4_127_000), ("2025-11-01", 4_903_000), ("2026-06-18", 5_969_000)],
        producer=True,
        subscribed_power=6000,
    )
    ini = (
        BASE_6
        + "injection_price = 0.1276\nsurcharges = injection\n[contract:2025-11-01]\ninjection_price = 0.1283\n"
    )
    figures = billed(tmp_path, capsys, log, ini, "2025-06-18", "2026-06-17")
    revenue = figures["revenue"]
    assert [(line["from"], line["to"], line["kwh"], line["eur"]) for line in revenue["lines"]] == [
        ("2025-06-18", "2025-10-31", 776, "99.02"),
        ("2025-11-01", "2026-06-17", 1066, "136.77"),
    ]
    assert revenue["total"] == {"eur": "235.79"}
    surcharge = [line for line in figures["lines"] if line["label"] == "Auto-producteur avec injection"]
    # From 1 August 2025 on 9.60 € a year without taxes: 9.60 / 12 × 1.20 = 0.96 € a month.
    assert surcharge[-1]["price"] == "0.96"


def test_a_year_in_one_bill_and_its_months(tmp_path, capsys):
    figures = billed(tmp_path, capsys, whole_year(), BASE_6, "2025-02-01", "2026-01-31")
    assert [line[6] for line in lines_of(figures)] == ["82.32", "92.82", "490.69", "510.64"]
    assert figures["total"] == {"eur": "1176.47"}
    assert figures["tva"] == {"5.5": "4.29", "20": "182.36"}


def test_another_offer_and_other_registers_begin_on_their_day(tmp_path, capsys):
    """140 kWh of two registers for 14 days, then 200 of one: the half hour before the change has no line of its own."""
    old = rows(
        [
            ("2026-03-01", {"HC": 1_000_000, "HP": 2_000_000}),
            ("2026-03-15", {"HC": 1_040_000, "HP": 2_100_000}),
        ],
        "HC",
        subscribed_power=6000,
    )
    new = rows(
        [("2026-03-15T00:30", {"TH": 3_300_000}), ("2026-04-01", {"TH": 3_500_000})], subscribed_power=6000
    )
    ini = "[contract]\noffer = tarif-bleu-hc\n[contract:2026-03-15]\noffer = tarif-bleu-base\n"
    figures = billed(tmp_path, capsys, [*old, *new], ini, "2026-03-01", "2026-03-31")
    assert [line[1:6] for line in lines_of(figures)[1:]] == [
        ("HC", "2026-03-01", "2026-03-14", 40, "0.1579"),
        ("HP", "2026-03-01", "2026-03-14", 100, "0.2065"),
        ("TH", "2026-03-15", "2026-03-31", 200, "0.1940"),
    ]


def changed_at(hour):
    """Return the log of a house whose registers HC and HP become TH on 15 March at *hour*: 2 and 8 kWh that morning."""
    old = rows(
        [
            ("2026-03-01", {"HC": 1_000_000, "HP": 2_000_000}),
            ("2026-03-15", {"HC": 1_040_000, "HP": 2_100_000}),
            (f"2026-03-15T{hour}:00", {"HC": 1_042_000, "HP": 2_108_000}),
        ],
        "HC",
        subscribed_power=6000,
    )
    new = rows(
        [(f"2026-03-15T{hour}:30", {"TH": 3_300_000}), ("2026-04-01", {"TH": 3_500_000})],
        subscribed_power=6000,
    )
    return [*old, *new]


def test_energy_of_the_old_registers_on_the_day_of_a_change_has_the_prices_of_the_offer_before(
    tmp_path, capsys
):
    """42 kWh × 0.1579 = 6.6318; 108 × 0.2065 = 22.3020; 200 × 0.1940 = 38.8000."""
    ini = "[contract]\noffer = tarif-bleu-hc\n[contract:2026-03-15]\noffer = tarif-bleu-base\n"
    figures = billed(tmp_path, capsys, changed_at(10), ini, "2026-03-01", "2026-03-31")
    assert [line[1:] for line in lines_of(figures)[1:]] == [
        ("HC", "2026-03-01", "2026-03-15", 42, "0.1579", "6.63"),
        ("HP", "2026-03-01", "2026-03-15", 108, "0.2065", "22.30"),
        ("TH", "2026-03-15", "2026-03-31", 200, "0.1940", "38.80"),
    ]


def test_a_bill_that_begins_on_the_day_of_a_change_has_the_morning_at_the_prices_of_the_offer_before(
    tmp_path, capsys
):
    ini = "[contract]\noffer = tarif-bleu-hc\n[contract:2026-03-15]\noffer = tarif-bleu-base\n"
    figures = billed(tmp_path, capsys, changed_at(10), ini, "2026-03-15", "2026-03-31")
    assert [line[1:5] for line in lines_of(figures)[1:]] == [
        ("HC", "2026-03-15", "2026-03-15", 2),
        ("HP", "2026-03-15", "2026-03-15", 8),
        ("TH", "2026-03-15", "2026-03-31", 200),
    ]
    assert None not in [line[6] for line in lines_of(figures)]


def test_registers_that_change_on_the_evening_before_the_contract_have_the_prices_of_the_offer_to_come(
    tmp_path, capsys
):
    ini = "[contract]\noffer = tarif-bleu-hc\n[contract:2026-03-16]\noffer = tarif-bleu-base\n"
    figures = billed(tmp_path, capsys, changed_at(22), ini, "2026-03-01", "2026-03-31")
    assert [line[4:6] for line in lines_of(figures)[1:]] == [(42, "0.1579"), (108, "0.2065"), (200, "0.1940")]


def test_registers_that_change_two_days_after_the_contract_are_named_with_their_day(tmp_path, capsys):
    ini = "[contract]\noffer = tarif-bleu-hc\n[contract:2026-03-13]\noffer = tarif-bleu-base\n"
    figures = billed(tmp_path, capsys, changed_at(10), ini, "2026-03-01", "2026-03-31")
    assert figures["total"] == {"eur": None}
    reasons = {line["reason"] for line in figures["lines"] if line["eur"] is None}
    assert reasons == {
        f"the offer tarif-bleu-base has no price of {register}, on which the meter counted on 15 March 2026: "
        "is it the offer of those days ([contract] offer, [contract:DATE])?"
        for register in ("HC", "HP")
    }


def test_an_offer_whose_hours_decide_has_kwh_and_no_indexes(tmp_path, capsys):
    """1 kW day and night from 2 February to 21 March: 35 weekdays and 13 days of week-ends, of 24 kWh each."""
    log = rows(
        [("2026-02-02", {"TH": 1_000_000}), ("2026-03-22", {"TH": 1_000_000 + 48 * 24_000})],
        subscribed_power=6000,
    )
    ini = "[contract]\noffer = edf-zen-week-end\npower = 6\n"
    figures = billed(tmp_path, capsys, log, ini, "2026-02-02", "2026-03-21")
    energy = {line["register"]: line["kwh"] for line in figures["lines"] if line["kind"] == "energy"}
    assert sum(energy.values()) == 48 * 24
    assert sorted(energy.values()) == [13 * 24, 35 * 24]
    assert {line["index_from"] for line in figures["lines"]} == {None}
