"""Rows as JSON and line protocol, with what a supplier may have named his contract."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest

from linkymonitor.sinks.base import Row
from linkymonitor.sinks.forms import influx_line, json_line

AT = datetime(2026, 1, 13, 17, 58, 12, tzinfo=UTC)
ROW = Row("0440d28074d5", 0, AT, "EJP", "PM", {"power": 230, "index_HN": 5}, {"ejp": "peak"}, overload=False)


def test_a_row_is_an_object_of_json_without_what_the_record_lacks():
    assert json.loads(json_line(ROW)) == {
        "meter": "0440d28074d5",
        "series": 0,
        "ended_at": "2026-01-13T17:58:12Z",
        "contract": "EJP",
        "period": "PM",
        "power": 230,
        "index_HN": 5,
        "ejp": "peak",
        "overload": False,
    }
    assert "overload" not in json.loads(json_line(ROW._replace(overload=None)))


def test_a_row_is_a_point_with_integer_fields_and_its_time_in_seconds():
    tags = "linkymonitor,meter=0440d28074d5,contract=EJP,period=PM"
    assert influx_line(ROW) == f"{tags} power=230i,index_HN=5i 1768327092"
    assert influx_line(ROW._replace(series=3)).startswith(f"{tags},series=3 ")
    assert influx_line(ROW._replace(meter="", period="")).startswith("linkymonitor,contract=EJP power=")


@pytest.mark.parametrize(
    "name", ["ZEN WEEK END", "a,b", "a=b", "x\\", 'say "no"', "new\nline", "été 100%", "\x00"]
)
def test_a_hostile_name_of_a_contract_stays_one_tag_of_one_line(name):
    """A reader that follows the rules of the protocol finds the same three tags."""
    line = influx_line(ROW._replace(contract=name))
    assert "\n" not in line
    head, fields, time = re.split(r"(?<!\\) ", line)
    _, *tags = re.split(r"(?<!\\),", head)
    assert [re.split(r"(?<!\\)=", tag)[0] for tag in tags] == ["meter", "contract", "period"]
    assert all(len(re.split(r"(?<!\\)=", tag)) == 2 for tag in tags)
    assert (fields, time) == ("power=230i,index_HN=5i", "1768327092")
    assert "\n" not in json_line(ROW._replace(contract=name))
