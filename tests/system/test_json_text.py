"""JSON that nobody sane has written is a fault of the text, and no fault of ours."""

from __future__ import annotations

import pytest

from linkymonitor.system.json_text import read_json


def test_what_is_json_is_read():
    assert read_json(b'{"a": [1, null]}') == {"a": [1, None]}


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '{"a":' * 100_000, b"\xff", "1" * 9000])
def test_what_is_none_or_too_deep_is_one_error(text):
    with pytest.raises(ValueError):
        read_json(text)
