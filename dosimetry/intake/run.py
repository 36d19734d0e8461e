"""An import from the file to the folder: read, ask, write all files or none."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dosimetry.files import refuse_overwriting, write_new
from dosimetry.intake.decide import MAP, Question, put
from dosimetry.intake.interpret import Import, interpret
from dosimetry.intake.mapping import read_map
from dosimetry.intake.sheet import Book
from dosimetry.intake.workbook import read_book
from dosimetry.patient.values import read_amount, read_moment, read_text
from dosimetry.problems import refuse

MOST_QUESTIONS = 200
Ask = Callable[[Question], int | str]


def import_file(
    source: Path,
    output: Path,
    map_file: Path | None = None,
    *,
    overwrite: bool = False,
    ask: Ask | None = None,
) -> tuple[list[Path], Import]:
    """Write a clinic's workbook as a patient file with its measurements.

    Parameters
    ----------
    source : pathlib.Path
        An .xlsx file or a table of text.
    output : pathlib.Path
        Folder for the files; it is made if it does not exist.
    map_file : pathlib.Path or None
        A map, which settles what the file leaves open.
    overwrite : bool
        Whether existing files are replaced.
    ask : callable or None
        From a question to its answer, as :func:`check_answer` returns it, where somebody can be
        asked.

    Returns
    -------
    files : list of pathlib.Path
    result : Import

    Raises
    ------
    InputError
        With every question that is open and every problem; nothing was written.
    """
    book = read_book(source)
    data = read_map(map_file) if map_file is not None else {}
    result = settled(book, data, map_file.name if map_file else MAP, ask)
    files = {output / name: text.encode("utf-8") for name, text in result.files.items()}
    refuse_overwriting([source, *([map_file] if map_file else [])], *files)
    try:
        output.mkdir(exist_ok=True)
    except OSError as error:
        raise refuse(
            "unwritable-file",
            f"the folder cannot be made: {error.strerror}",
            "check its name, and that the folder around it exists",
            f"{output}",
        ) from None
    write_new(files, overwrite=overwrite)
    return list(files), result


def settled(book: Book, data: Mapping[str, Any], name: str, ask: Ask | None) -> Import:
    """Return an import without open questions.

    Each answer becomes an entry of the map, and the book is read again with it.

    Raises
    ------
    InputError
        A problem, or a question where nobody can be asked.
    """
    given = copy.deepcopy(dict(data))
    for _ in range(MOST_QUESTIONS):
        result = interpret(book, given, name)
        if not result.log.open():
            return result
        questions = [one for one in result.log.questions if one.answers or one.path]
        if ask is None or not questions:
            raise result.log.refusal()
        answer(given, questions[0], ask(questions[0]))
    raise refuse("too-many-questions", "the file leaves too much open", "write a map for it")


def check_answer(question: Question, text: str) -> int | str:
    """Return what somebody typed as the answer to a question: a number from 0, or the text.

    Raises
    ------
    InputError
        It is not one of the answers, or not what the map takes at this place.

    Examples
    --------
    >>> from dosimetry.problems import Problem
    >>> check_answer(Question(Problem("a", "b"), path=("cycles", "C1", "administered")), "7 GBq")
    '7 GBq'
    """
    if not question.path:
        number = int(text) if text.isdecimal() and len(text) < 4 else 0
        if not 1 <= number <= len(question.answers):
            raise refuse("not-an-answer", f"write a number from 1 to {len(question.answers)}")
        return number - 1
    readers: dict[str, Callable[[str], object]] = {
        "administered": lambda value: read_amount(value, "MBq"),
        "at": read_moment,
    }
    readers.get(question.path[-1], read_text)(text)
    return text


def answer(given: dict[str, Any], question: Question, value: int | str) -> None:
    """Enter an answer into the map.

    Parameters
    ----------
    given : dict
        Content of the map, changed here.
    question : Question
    value : int or str
        Number of one of the answers, from 0, or a typed text.
    """
    if isinstance(value, str):
        put(given, question.path, value)
    else:
        chosen = question.answers[value]
        put(given, chosen.path, chosen.value)
