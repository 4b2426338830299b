"""Values are changed in the text of an INI file, and comments stay."""

from __future__ import annotations

import pytest

from linkymonitor.board.ini_text import with_values


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "[contract]\n# the offer\noffer =\n# the power\npower = 6\n\n# the panel\n[display]\n",
            "[contract]\n# the offer\noffer = tempo\n# the power\npower = 6\n\n# the panel\n[display]\n",
        ),
        ("[contract]\n\n# the panel\n[display]\n", "[contract]\noffer = tempo\n\n# the panel\n[display]\n"),
        ("[contract]\noffer: x\n  y\noffer = z\n", "[contract]\noffer = tempo\n"),
        ("[contract]\r\nOffer=x", "[contract]\r\noffer = tempo\r\n"),
        ("", "\n[contract]\noffer = tempo\n"),
    ],
)
def test_a_value_is_put_in_its_place(before, after):
    assert with_values(before, "contract", {"offer": "tempo"}) == after
    assert with_values(after, "contract", {"offer": "tempo"}) == after
