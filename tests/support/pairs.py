"""Parameters of a campaign that has two lists of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle, product

import pytest

from tests.support.extent import FULL


def pairs(ones: Sequence[object], others: Sequence[object]) -> list[object]:
    """Return parameters: each of *ones* with each of *others*; in short each of *ones* once, with *others* in turn."""
    chosen = product(ones, others) if FULL else zip(ones, cycle(others), strict=False)
    return [_both(_param(one), _param(other)) for one, other in chosen]


def _param(value: object) -> object:
    return (
        value if hasattr(value, "values") and hasattr(value, "marks") else pytest.param(value, id=str(value))
    )


def _both(one, other) -> object:
    return pytest.param(
        *one.values, *other.values, id=f"{one.id}-{other.id}", marks=(*one.marks, *other.marks)
    )
