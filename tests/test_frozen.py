"""Frozen: named values that never change."""

from __future__ import annotations

import copy
import pickle
import typing
from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

import pytest

from linkymonitor.errors import StorageError
from linkymonitor.frozen import Frozen, replace


class Point(Frozen):
    x: int
    y: int = 0
    origin: ClassVar[str] = "left"

    def __post_init__(self) -> None:
        if self.x < 0:
            raise ValueError("x: expected zero or more")


class Place(Point):
    name: str
    y: int = 7


def test_fields_are_given_by_name_and_some_may_be_left_out():
    assert (Point(x=1).x, Point(x=1).y, Point(x=1, y=2).y) == (1, 0, 2)
    assert list(Point.fields) == ["x", "y"]
    place = Place(x=1, name="a")
    assert (place.x, place.y, place.name) == (1, 7, "a")
    assert list(Place.fields) == ["x", "y", "name"]


@pytest.mark.parametrize("values", [{}, {"y": 1}, {"x": 1, "z": 2}, {"x": 1, "origin": "right"}])
def test_a_field_that_is_missing_or_unknown_is_named(values):
    wrong = ({"x"} - values.keys()) | (values.keys() - {"x", "y"})
    with pytest.raises(TypeError, match=rf"Point: missing or unknown: {', '.join(sorted(wrong))}"):
        Point(**values)


def test_values_that_do_not_go_together_are_refused():
    with pytest.raises(ValueError, match="zero or more"):
        Point(x=-1)
    with pytest.raises(ValueError, match="zero or more"):
        replace(Point(x=1), x=-1)


def test_nothing_changes():
    point = Point(x=1)
    with pytest.raises(AttributeError, match=r"Point.x cannot be changed"):
        point.x = 2
    with pytest.raises(AttributeError, match=r"Point.x cannot be removed"):
        del point.x
    assert replace(point, x=3) == Point(x=3)
    assert point == Point(x=1)


def test_equal_values_are_equal_and_of_one_kind():
    assert Point(x=1, y=0) == Point(y=0, x=1) == Point(x=1)
    assert hash(Point(x=1, y=0)) == hash(Point(y=0, x=1))
    assert Point(x=1) != Point(x=2)
    assert Point(x=1) != Place(x=1, y=0, name="")
    assert repr(Point(x=1)) == "Point(x=1, y=0)"


class Box(Point):
    held: Mapping[str, int] = MappingProxyType({})
    most: typing.ClassVar[int] = 3


def test_a_value_can_be_copied_and_sent_to_another_process():
    box = Box(x=1)
    assert list(Box.fields) == ["x", "y", "held"]
    assert pickle.loads(pickle.dumps(box)) == copy.deepcopy(box) == box
    error = StorageError("la carte", "the card")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.fr, again.en) == (str(error), "la carte", "the card")


@pytest.mark.parametrize("name", ["fields", "defaults"])
def test_some_names_are_taken(name):
    with pytest.raises(TypeError, match=f"a field cannot be called {name}"):
        type("Odd", (Frozen,), {"__annotations__": {name: "int"}})
