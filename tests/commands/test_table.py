"""The table of commands and the functions of the commands."""

from __future__ import annotations

import inspect
from importlib import import_module

import pytest

from linkymonitor.commands.table import COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_takes_what_its_row_has(name):
    """A command is called with a value for each option, in a call that mypy cannot check."""
    row = COMMANDS[name]
    module = name.replace("-", "_")
    function = getattr(import_module(f"linkymonitor.commands.{module}"), module)
    common, *own = inspect.signature(function).parameters.values()
    assert common.name == "common"
    assert all(parameter.kind is parameter.KEYWORD_ONLY for parameter in own)
    assert sorted(parameter.name for parameter in own) == sorted(
        option.argument for option in (*row.options, *row.one_of)
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_each_option_has_its_help_in_both_languages(name):
    row = COMMANDS[name]
    for text in (row.does, *(option.help for option in (*row.options, *row.one_of))):
        assert text.fr
        assert text.en
        assert text.fr != text.en
