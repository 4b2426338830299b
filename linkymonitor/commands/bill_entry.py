"""``bill --enter``: asks for a paper bill line by line and writes the file that ``--check`` and ``--solve`` read."""

# Strategy
#
# - What a person types is forgiven: a comma, a currency sign, spaces in numbers, 08/01/2026 for a date. What cannot be
#   understood is asked for again, with what was expected; what does not fit the answers before it is asked for once
#   more, and Enter keeps it.
# - The file is written after each answer: a terminal that is closed loses nothing. The next call goes on with the
#   question that was asked last; of a bill that is complete, with the question for one more line.
# - A question that is asked again shows its answer, which Enter keeps. A line that is corrected stays among the
#   lines, and the line that is half typed keeps its answers meanwhile.

from __future__ import annotations

import re
import shlex
import shutil
import textwrap
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

from linkymonitor.billing.answers import Impossible
from linkymonitor.commands.bill_doubts import doubt_of_line, doubt_of_sum
from linkymonitor.commands.bill_draft import NEXT, Draft, drop_unasked
from linkymonitor.commands.bill_questions import (
    LINE,
    PATH,
    Question,
    is_revenue,
    kind_question,
    paper_question,
    suggested,
    sum_questions,
)
from linkymonitor.commands.shared import say
from linkymonitor.language import Text, counted, legible

Ask = Callable[[str], str]
#: What a person types to return to the question before, and to delete the answer to this question.
_BACK, _NOTHING = "<", "-"


class _Back(Exception):
    """The person wants to answer the question before once more."""


class _Wanted(Exception):
    """The person wants to correct a line.

    Args:
        number: of the line, from 1; 0: the question about the paper.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class _Place(NamedTuple):
    """Where a question stands in the bill."""

    #: The number of the line, from 0; -1: before the lines. The sums come after the line that is not finished.
    part: int
    #: The place of the question in LINE or among the sums.
    at: int = 0


#: The question about the paper.
_FIRST = _Place(-1)


def enter_bill(path: Path, ask: Ask = input, options: Sequence[str] = ()) -> int:
    """Ask for a bill and write it into *path*; return the exit status.

    Args:
        path: the file. Of a bill that was left half typed all answers stay, and the next question is asked.
        ask: shows a question and returns the answer.
        options: those of the command that compares the bill.

    Raises:
        StorageError: the file is there and is no bill that was typed here, or cannot be written.
    """
    draft = Draft(path)
    _show(
        Text(
            "Entrée seule : rien d'imprimé, la réponse entre crochets, ou fin des lignes. « < » : la question d'avant. "
            "« - » : pas de réponse. À « ligne », un numéro : corriger cette ligne ; 0 : la première question.",
            "Enter alone: nothing is printed, the answer in brackets, or no more lines. “<”: the question before. “-”: "
            "no answer. At “line”, a number: correct that line; 0: the first question.",
        )
    )
    if draft.lines or draft.unfinished:
        _show(f"{path}" + Text(" : ", ": ") + _count(draft) + Text(" d'avant", " from before"))
    try:
        _ask_all(draft, ask)
    except (EOFError, KeyboardInterrupt):
        print()
        _say_how_to_go_on(draft)
        return 0
    draft.save()
    _show(
        f"{path}"
        + Text(" : ", ": ")
        + _count(draft)
        + Text(" ; pour comparer avec le compteur :", "; to compare with the meter:")
    )
    # On a line of its own, which is not cut: it is copied.
    say("  " + shlex.join(["linkymonitor", "bill", *options, "--check", str(path)]))
    return 0


def _count(draft: Draft) -> Text:
    return counted(len(draft.lines), Text("ligne", "line"), Text("lignes", "lines"))


def _say_how_to_go_on(draft: Draft) -> None:
    if draft.unfinished:
        state = Text("une ligne n'est pas finie", "a line is not finished")
    elif draft.empty:
        state = Text("rien n'est tapé", "nothing is typed")
    else:
        state = Text("chaque réponse est gardée", "each answer is kept")
    _show(
        f"{draft.path}"
        + Text(" : ", ": ")
        + state
        + Text(" ; la même commande continue", "; the same command goes on")
    )


def _ask_all(draft: Draft, ask: Ask) -> None:
    """Ask for all that *draft* lacks, and write each answer."""
    place: _Place | None = _FIRST
    if draft.lines or draft.unfinished or PATH.key in draft.top:
        place = _newest(draft)
    part = _FIRST.part
    while place is not None:
        if place.part != part:
            part = place.part
            _show_part(draft, part)
        question = _questions(draft, part)[place.at]
        try:
            answer = _answer(question, draft, part, ask)
        except _Back:
            place = _before(draft, place)
        except _Wanted as wanted:
            place, part = _Place(wanted.number - 1), len(draft.lines) + 2
        else:
            place = _take(draft, place, question, answer)
            draft.save()


def _show_part(draft: Draft, part: int) -> None:
    if part > len(draft.lines):
        _show(Text("— totaux", "— totals"))
    elif part > _FIRST.part:
        _show(Text(f"— ligne {part + 1}", f"— line {part + 1}"))


def _questions(draft: Draft, part: int) -> Sequence[Question]:
    """Return the questions of a *part* of the bill; those of a line are asked of some lines only."""
    if part == _FIRST.part:
        return [paper_question([*draft.lines, *([draft.unfinished] if draft.unfinished else [])])]
    if part > len(draft.lines):
        return sum_questions(draft.lines, draft.top.get(PATH.key))
    others = [line for number, line in enumerate(draft.lines) if number != part]
    kind = kind_question(others)
    if not others and not draft.line(part):
        kind = kind._replace(optional=False)  # a paper has a line
    return [kind, *LINE[1:]]


def _asked_of(line: dict[str, str]) -> list[int]:
    return [at for at, question in enumerate(LINE) if question.asked(line)]


def _newest(draft: Draft) -> _Place:
    """Return the question that is next in the line that is not finished, the first one of a new line."""
    line, number = draft.unfinished, len(draft.lines)
    wanted = line.get(NEXT, "").strip('"')
    return _Place(number, next((at for at in _asked_of(line) if LINE[at].key == wanted), 0))


def _before(draft: Draft, place: _Place) -> _Place:
    """Return the question before *place*; before the sums, that for one more line."""
    part, at = place
    if part > len(draft.lines):
        return _Place(part, at - 1) if at else _Place(len(draft.lines))
    if part == _FIRST.part:
        return place
    before = [each for each in _asked_of(draft.line(part)) if each < at]
    if before:
        return _Place(part, before[-1])
    return _Place(part - 1, _asked_of(draft.lines[part - 1])[-1]) if part else _FIRST


def _take(draft: Draft, place: _Place, question: Question, answer: str | None) -> _Place | None:
    """Put the *answer* to *question* into *draft* and return the next question, None after the last one."""
    part, at = place
    if part > len(draft.lines):
        _keep(draft.top, question.key, answer)
        questions = _questions(draft, part)
        if at + 1 < len(questions):
            return _Place(part, at + 1)
        for key in draft.top.keys() - {PATH.key, *(each.key for each in questions)}:
            del draft.top[key]  # the lines or their taxes were corrected
        return None
    if part == _FIRST.part:
        if answer is not None and is_revenue({"kind": answer}):
            draft.unfinished = {"kind": answer, NEXT: f'"{LINE[1].key}"'}
        else:
            _keep(draft.top, PATH.key, answer)
        return _newest(draft)
    line = draft.line(part)
    if question.key == LINE[0].key and answer is None:
        if not line:
            return _Place(len(draft.lines) + 1)
        _remove(draft, part)
        return _newest(draft)
    _keep(line, question.key, answer)
    after = [each for each in _asked_of(line) if each > at]
    if after:
        if part == len(draft.lines):
            line[NEXT] = f'"{LINE[after[0]].key}"'
        return _Place(part, after[0])
    drop_unasked(line)
    if part == len(draft.lines):
        draft.finish()
    return _newest(draft)


def _remove(draft: Draft, part: int) -> None:
    if part == len(draft.lines):
        draft.unfinished = {}
    else:
        del draft.lines[part]
    _show(Text(f"  ligne {part + 1} supprimée", f"  line {part + 1} removed"))


def _keep(answers: dict[str, str], key: str, answer: str | None) -> None:
    answers.pop(key, None)
    if answer is not None:
        answers[key] = answer


def _answer(question: Question, draft: Draft, part: int, ask: Ask) -> str | None:
    """Return the answer to *question* of this *part* of the bill; one that does not fit is asked for again."""
    key, is_line = question.key, 0 <= part <= len(draft.lines)
    answers = draft.line(part) if is_line else draft.top
    shown = answers.get(key)
    if shown is None and is_line:
        shown = suggested(key, answers, draft.lines[part - 1] if part else {})
    today = datetime.now(UTC).astimezone().date()
    doubted = None
    while True:
        answer = _asked(question, ask, shown, len(draft.lines))
        wrong = (
            None if answer is None else _doubt(key, {**answers, key: answer}, draft, today, is_line=is_line)
        )
        if wrong is None or answer == doubted:
            return answer
        _show(
            "  "
            + wrong
            + Text(
                " ; retapez, ou Entrée pour garder ; « < » : la question d'avant",
                "; type it again, or Enter to keep it; “<”: the question before",
            )
        )
        shown = doubted = answer


def _doubt(key: str, answers: dict[str, str], draft: Draft, today: date, *, is_line: bool) -> Text | None:
    if is_line:
        return doubt_of_line(key, answers, today)
    return None if key == PATH.key else doubt_of_sum(key, draft.lines, answers)


def _asked(question: Question, ask: Ask, before: str | None, lines: int) -> str | None:
    """Return the answer to *question*, None for none; *before* is the one in brackets, *lines* how many there are."""
    shown = Text("", "") if before is None else " [" + _shown(question, before) + "]"
    while True:
        text = ask(_wrapped("  " + question.text + shown) + str(Text(" : ", ": "))).strip()
        if text == _BACK:
            raise _Back
        if not text and before is not None:
            return before
        if question.optional and (text == _NOTHING or (not text and question.skipped)):
            return None
        if question.key == LINE[0].key and re.fullmatch(r"[0-9]{1,3}", text) and int(text) <= lines:
            raise _Wanted(int(text))
        try:
            return question.read(text)
        except Impossible as error:
            expected = error.why
        except ValueError:
            expected = question.expected
        _show("  " + (text + Text(" : ", ": ") if text else Text("", "")) + expected)


def _shown(question: Question, answer: str) -> Text:
    """Return an *answer* to *question* as a person types it."""
    if answer in question.words:
        return question.words[answer]
    plain = answer.strip('"')
    if plain != answer:
        return Text(plain, plain)
    year, *rest = plain.split("-")
    if len(rest) == 2:
        return Text(f"{rest[1]}/{rest[0]}/{year}", plain)
    return Text(plain.replace(".", ","), plain)


def _show(words: Text | str) -> None:
    print(_wrapped(words))


def _wrapped(words: Text | str) -> str:
    """Return *words* in lines that fit the terminal and are cut between words, none of which is a sign alone."""
    line = re.sub(r" (?=[:;?!»])|(?<=«) ", "\xa0", legible(str(words)))
    indent = line[: len(line) - len(line.lstrip(" "))]
    width = shutil.get_terminal_size().columns - 1
    filled = textwrap.fill(
        line.strip(" "),
        width,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return filled.replace("\xa0", " ")
