"""Bills that cannot be made, and figures that are not known: the place, the reason, and the days that work."""

from __future__ import annotations

import pytest

from tests.billing.house import BASE_6, billed, lines_of, rows, run_bill


def refused(tmp_path, capsys, log, ini, first, last):
    """Return the sentence with which the bill is refused."""
    status, out, err = run_bill(tmp_path, capsys, log, ini, first, last)
    assert status == 1
    assert out == ""
    return err


def test_a_gap_in_the_prices_is_refused_with_the_first_day_that_works(tmp_path, capsys):
    log = rows(
        [("2023-07-10", {"HN": 1_000_000, "PM": 0}), ("2023-09-10", {"HN": 1_500_000, "PM": 0})], "EJP"
    )
    error = refused(tmp_path, capsys, log, "[contract]\noffer = ejp\npower = 9\n", "2023-07-10", "2023-09-09")
    assert "the prices of 10 July 2023 are not known" in error
    assert "from 1 August 2023 on it works: -s 2023-08-01" in error


def test_a_bill_wholly_in_a_gap_names_the_nearest_day(tmp_path, capsys):
    log = rows(
        [("2023-07-10", {"HN": 1_000_000, "PM": 0}), ("2023-07-20", {"HN": 1_100_000, "PM": 0})], "EJP"
    )
    error = refused(tmp_path, capsys, log, "[contract]\noffer = ejp\npower = 9\n", "2023-07-10", "2023-07-19")
    assert "from 1 August 2023 on it works: -s 2023-08-01" in error


def test_a_bill_before_the_contract_is_refused(tmp_path, capsys):
    log = rows([("2026-03-01", {"TH": 1_000_000}), ("2026-04-01", {"TH": 1_100_000})])
    error = refused(tmp_path, capsys, log, BASE_6 + "since = 2026-03-17\n", "2026-03-01", "2026-03-31")
    assert "before the contract, which begins on 17 March 2026" in error
    assert "-s 2026-03-17" in error


def test_a_power_that_the_offer_does_not_have_is_refused(tmp_path, capsys):
    log = rows([("2026-03-01", {"HCJB": 1_000_000}), ("2026-03-03", {"HCJB": 1_001_000})], "TEMPO")
    error = refused(
        tmp_path, capsys, log, "[contract]\noffer = tempo\npower = 3\n", "2026-03-01", "2026-03-02"
    )
    assert "does not exist for 3 kVA" in error
    assert "6, 9, 12, 15, 18, 30, 36" in error


def test_the_power_of_the_meter_that_the_offer_does_not_have_is_refused(tmp_path, capsys):
    log = rows(
        [("2026-03-01", {"HCJB": 1_000_000}), ("2026-03-03", {"HCJB": 1_001_000})],
        "TEMPO",
        subscribed_power=3000,
        registers=("HCJB",),
    )
    error = refused(tmp_path, capsys, log, "[contract]\noffer = tempo\n", "2026-03-01", "2026-03-02")
    assert "does not exist for 3 kVA since 1 February 2026, but for 6, 9, 12, 15, 18, 30, 36" in error


def test_an_index_that_falls_within_one_meter_names_the_two_readings(tmp_path, capsys):
    before = rows(
        [
            ("2026-03-01", {"HC": 5_000_000, "HP": 9_000_000}),
            ("2026-03-02", {"HC": 5_004_000, "HP": 9_008_000}),
        ],
        "HC",
    )
    after = rows(
        [
            ("2026-03-02T00:30", {"HC": 4_000_000, "HP": 9_008_000}),
            ("2026-03-04", {"HC": 4_004_000, "HP": 9_016_000}),
        ],
        "HC",
    )
    ini = "[contract]\noffer = tarif-bleu-hc\npower = 9\n"
    error = refused(tmp_path, capsys, [*before, *after], ini, "2026-03-01", "2026-03-03")
    assert (
        "on 2 March 2026 at 00:30 an index falls or leaps within one meter (HC 5004000 → 4000000 Wh)" in error
    )
    assert "from 3 March 2026 on" in error


@pytest.mark.parametrize(
    ("first", "last", "sentence"),
    [
        (
            "2026-03-05",
            "2026-03-01",
            "-e 2026-03-01 is earlier than -s 2026-03-05; write -s 2026-03-01 -e 2026-03-05",
        ),
        ("2026-03-01", "today", "is not over; the last whole day is yesterday"),
    ],
)
def test_days_that_are_turned_round_or_not_over(tmp_path, capsys, first, last, sentence):
    log = rows([("2026-03-01", {"TH": 1_000_000}), ("2026-03-02", {"TH": 1_000_000})])
    status, _, err = run_bill(tmp_path, capsys, log, BASE_6, first, last)
    assert status in (1, 2)
    assert sentence in err


def test_a_bill_without_taxes_names_the_first_thing_that_it_lacks(tmp_path, capsys):
    log = rows([("2026-08-10", {"TH": 1_000_000}), ("2026-08-12", {"TH": 1_020_000})], subscribed_power=6000)
    ini = "[contract]\noffer = tarif-bleu-base\npath = ht\n"
    figures = billed(tmp_path, capsys, log, ini, "2026-08-10", "2026-08-11")
    assert figures["path"] == "ttc"
    assert figures["warnings"][0] == (
        "bill worked with taxes, not without: the subscription without taxes is not known (on 10 August 2026)"
    )


def test_prices_that_are_not_set_give_null_and_say_so(tmp_path, capsys):
    log = rows([("2026-03-01", {"TH": 1_000_000}), ("2026-03-03", {"TH": 1_020_000})])
    figures = billed(tmp_path, capsys, log, "", "2026-03-01", "2026-03-02")
    assert [line[4:] for line in lines_of(figures)] == [(None, None, None), (20, None, None)]
    assert {line["reason"] for line in figures["lines"]} == {"prices not set"}
    assert figures["total"] == {"eur": None}


def test_a_change_of_power_cuts_the_subscription(tmp_path, capsys):
    """The subscription of 6 kVA for 15 days of 31, of 9 kVA for 16: 15.65 × 15/31 = 7.57, 19.56 × 16/31 = 10.10."""
    small = rows(
        [("2026-03-01", {"TH": 1_000_000}), ("2026-03-16", {"TH": 1_100_000})], subscribed_power=6000
    )
    large = rows(
        [("2026-03-16T00:30", {"TH": 1_100_000}), ("2026-04-01", {"TH": 1_200_000})], subscribed_power=9000
    )
    figures = billed(
        tmp_path,
        capsys,
        [*small, *large],
        "[contract]\noffer = tarif-bleu-base\n",
        "2026-03-01",
        "2026-03-31",
    )
    assert lines_of(figures)[:2] == [
        ("subscription", None, "2026-03-01", "2026-03-15", None, "15.65", "7.57"),
        ("subscription", None, "2026-03-16", "2026-03-31", None, "19.56", "10.10"),
    ]
    assert [line[4:6] for line in lines_of(figures)[2:]] == [(100, "0.1940"), (100, "0.1927")]


def test_an_index_that_lies_between_two_readings_is_marked(tmp_path, capsys):
    """The records of 23:40 and 0:20 are 400 Wh apart; at midnight half of them were used."""
    log = rows([("2026-03-01", {"TH": 1_000_000}), ("2026-03-03", {"TH": 1_048_000})])
    log = [record for record in log if record.ended_at.strftime("%d %H:%M") != "01 23:00"]
    figures = billed(
        tmp_path,
        capsys,
        log,
        BASE_6 + "[contract:2026-03-02]\noffer = none\n[tariff]\nbase = 0.20\n",
        "2026-03-01",
        "2026-03-02",
    )
    energy = figures["lines"][-2:]
    assert [line["index_to"] for line in energy] == [1_024_000, 1_048_000]
    assert [line.get("estimated") for line in energy] == [True, True]


def test_the_nearest_record_inside_stands_for_an_end_that_was_not_heard(tmp_path, capsys):
    log = rows([("2026-03-01", {"TH": 1_000_000}), ("2026-03-05", {"TH": 1_096_000})])
    heard = [
        record
        for record in log
        if "2026-03-01T06:00" <= record.ended_at.isoformat()[:16] <= "2026-03-03T12:00"
    ]
    figures = billed(tmp_path, capsys, heard, BASE_6, "2026-03-01", "2026-03-03")
    assert figures["lines"][-1]["index_from"] == 1_007_000
    assert any(
        "the indexes of 1 March 2026 at 00:00 are not known; those of 1 March 2026 at 07:00 are taken: TH 1007000 Wh"
        in warning
        for warning in figures["warnings"]
    )


def test_a_register_that_the_log_lacks_has_no_amount(tmp_path, capsys):
    both = rows(
        [
            ("2026-03-01", {"HC": 1_000_000, "HP": 2_000_000}),
            ("2026-03-02", {"HC": 1_008_000, "HP": 2_016_000}),
        ],
        "HC",
    )
    one = rows([("2026-03-02T00:30", {"HP": 2_016_000}), ("2026-03-04", {"HP": 2_040_000})], "HC")
    figures = billed(
        tmp_path, capsys, [*both, *one], "[contract]\noffer = tarif-bleu-hc\n", "2026-03-01", "2026-03-03"
    )
    off_peak = next(line for line in figures["lines"] if line["register"] == "HC")
    assert (off_peak["kwh"], off_peak["eur"]) == (None, None)
    assert off_peak["reason"] == "HC is not known on 4 March 2026: the log has no index of it"
    assert figures["total"] == {"eur": None}


def test_registers_that_do_not_add_up_to_the_total_are_told(tmp_path, capsys):
    log = rows(
        [("2026-03-01", {"F01": 1_000_000}), ("2026-03-03", {"F01": 1_020_000})], "BASE", registers=("F01",)
    )
    first, last = log[0].ended_at, log[-1].ended_at
    total = [
        record._replace(total_index=round(5_000_000 + 25_000 * ((record.ended_at - first) / (last - first))))
        for record in log
    ]
    figures = billed(tmp_path, capsys, total, "[tariff]\n", "2026-03-01", "2026-03-02")
    assert "the registers and the total of the meter differ by 5 kWh" in figures["warnings"]


@pytest.mark.parametrize(
    ("first", "last", "nearest"),
    [
        ("2026-01-01", "2026-01-31", "; the next one is of 10 March 2026"),
        ("2026-05-01", "2026-05-31", "; the one before is of 20 March 2026"),
    ],
)
def test_days_of_which_the_log_has_no_index_have_no_total(tmp_path, capsys, first, last, nearest):
    log = rows([("2026-03-10", {"TH": 1_000_000}), ("2026-03-20", {"TH": 1_100_000})])
    figures = billed(tmp_path, capsys, log, BASE_6, first, last)
    subscription, energy = figures["lines"]
    assert (energy["register"], energy["kwh"], energy["eur"]) == ("TH", None, None)
    assert "the log has no index from " in energy["reason"]
    assert energy["reason"].endswith(nearest)
    assert subscription["eur"] is not None
    assert figures["total"]["eur"] is None


def test_a_meter_that_is_swapped_at_the_last_midnight_ends_the_bill_with_its_own_index(tmp_path, capsys):
    old = rows([("2026-07-25", {"TH": 58_200_000}), ("2026-07-31T23:30", {"TH": 58_300_900})], meter="0" * 12)
    new = rows([("2026-08-01", {"TH": 3_100}), ("2026-08-05", {"TH": 50_500})], meter="1" * 12)
    before = billed(tmp_path, capsys, [*old, *new], BASE_6, "2026-07-25", "2026-07-31")
    after = billed(tmp_path, capsys, [*old, *new], BASE_6, "2026-08-01", "2026-08-04")
    assert [(line["index_from"], line["index_to"], line["kwh"]) for line in before["lines"][1:]] == [
        (58_200_000, 58_300_900, 100)
    ]
    assert [(line["index_from"], line["index_to"], line["kwh"]) for line in after["lines"][1:]] == [
        (3_100, 50_500, 47)
    ]


def test_an_index_that_falls_at_the_last_midnight_is_not_taken_for_a_roll_over(tmp_path, capsys):
    old = rows([("2026-07-25", {"TH": 58_200_000}), ("2026-07-31T23:30", {"TH": 58_300_900})])
    new = rows([("2026-08-01", {"TH": 3_100}), ("2026-08-05", {"TH": 50_500})])
    figures = billed(tmp_path, capsys, [*old, *new], BASE_6, "2026-07-25", "2026-07-31")
    assert [line["kwh"] for line in figures["lines"][1:]] == [100]


def test_a_page_into_a_folder_that_is_not_there_names_the_folder(tmp_path, capsys):
    log = rows([("2026-03-01", {"TH": 1_000_000}), ("2026-03-03", {"TH": 1_020_000})])
    page = tmp_path / "none" / "bill.html"
    status, _, err = run_bill(tmp_path, capsys, log, BASE_6, "2026-03-01", "2026-03-02", "-o", str(page))
    assert status == 1
    assert err == f"linkymonitor: {page.parent}: not there; create it, or mend the setting that names it\n"
