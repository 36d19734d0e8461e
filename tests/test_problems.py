"""Errors and warnings: code, place, message and cure."""

import pickle

import pytest

from dosimetry.problems import FilePlace, InputError, Problem, join_place, nearest, quote, refuse


def test_problem_reads_place_then_message_then_cure():
    problem = Problem("negative", "the activity is negative", "give a positive one", "p.yaml: id")
    assert str(problem) == "p.yaml: id: the activity is negative\n  give a positive one"


def test_problem_without_place_and_cure_is_its_message():
    assert str(Problem("negative", "the activity is negative")) == "the activity is negative"


def test_problem_at_prefixes_the_place_on_a_copy():
    problem = Problem("negative", "m", "", "activity")
    assert problem.at("cycles[0]").place == "cycles[0].activity"
    assert problem.place == "activity"


def test_input_error_keeps_every_problem_in_order():
    first, second = Problem("a", "first"), Problem("b", "second", "cure")
    error = InputError(iter([first, second]))
    assert error.problems == (first, second)
    assert str(error) == "first\nsecond\n  cure"


def test_input_error_is_a_value_error():
    with pytest.raises(ValueError, match="the activity is negative"):
        raise refuse("negative", "the activity is negative")


def test_refuse_makes_one_problem_with_all_its_parts():
    (problem,) = refuse("negative", "the message", "the cure", "the place").problems
    assert problem == Problem("negative", "the message", "the cure", "the place")


def test_input_error_at_moves_every_problem():
    error = InputError([Problem("a", "m", "", "[0]"), Problem("b", "m", "", "sd")]).at("cycles")
    assert [problem.place for problem in error.problems] == ["cycles[0]", "cycles.sd"]


def test_input_error_survives_pickle():
    error = refuse("negative", "the message", "the cure", "the place")
    copy = pickle.loads(pickle.dumps(error))
    assert isinstance(copy, InputError)
    assert copy.problems == error.problems


@pytest.mark.parametrize(
    ("outer", "inner", "joined"),
    [
        ("cycles", "[0]", "cycles[0]"),
        ("cycles[0]", "activity", "cycles[0].activity"),
        ("p.yaml: ", "id", "p.yaml: id"),
        ("", "id", "id"),
        ("cycles", "", "cycles"),
        ("p.yaml: cycles[0]", FilePlace("c.csv:3: sd [MBq]"), "c.csv:3: sd [MBq]"),
        ("p.yaml: ", "note: mine", "p.yaml: note: mine"),
    ],
)
def test_places_join(outer, inner, joined):
    assert join_place(outer, inner) == joined


def test_quote_shortens_long_text():
    quoted = quote("x" * 1000)
    assert len(quoted) <= 62
    assert quoted.endswith("...'")


@pytest.mark.parametrize("text", ["\x1b[2J", "a\nb", "\x00", "\u202e"])
def test_quote_lets_no_control_character_through(text):
    assert quote(text).isprintable()


def test_quote_takes_any_value():
    assert quote(7.4) == "'7.4'"


def test_nearest_names_the_closest_word():
    assert nearest("kidny_left", ["liver", "kidney_left", "kidney_right"]) == "nearest: kidney_left"


def test_nearest_returns_nothing_where_no_word_is_near():
    assert nearest("zzzzzz", ["liver", "kidneys"]) == ""


def test_null_is_quoted_as_nothing():
    # YAML and JSON read an empty value as null; "None" is a word of Python that no user wrote
    assert quote(None) == "nothing"
