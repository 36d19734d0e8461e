"""Decay questions as text: answers by the half-life, refusals of impossible questions."""

import pytest

from dosimetry import InputError
from dosimetry.cli.decay_query import describe_decay


def test_after_a_half_life_half_is_left():
    # 177Lu: 6.647 d (ICRP 107)
    found = describe_decay("7.4 GBq", "6.647 d", None, "Lu-177")
    assert found == "7.4 GBq of Lu-177 after 6.647 d: 3.7 GBq"


def test_half_is_left_after_a_half_life():
    found = describe_decay(" 200 mCi ", None, "3.7 GBq", "Lu-177")
    assert found == "200 mCi of Lu-177 decays to 3.7 GBq in 159.528 h (6.647 d)"


def test_negative_time_gives_earlier_activity():
    # 7.4 GBq x 2^(2.5/159.528) = 7.48082 GBq (177Lu: 159.528 h, ICRP 107)
    found = describe_decay("7.4 GBq", "-2.5 h", None, "Lu-177")
    assert found == "7.4 GBq of Lu-177 2.5 h earlier: 7.48082 GBq"


def test_larger_activity_gives_an_earlier_time():
    # one half-life before it was twice as much
    found = describe_decay("3.7 GBq", None, "7.4 GBq", "Lu-177")
    assert found == "3.7 GBq of Lu-177 was 7.4 GBq 159.528 h (6.647 d) earlier"


def test_zero_time_leaves_the_activity_unchanged():
    assert describe_decay("7.4 GBq", "0 h", None, "Lu-177").endswith("after 0 h: 7.4 GBq")


@pytest.mark.parametrize(
    ("asked", "code", "place"),
    [
        (("7.4 GBq", None, None), "usage", "decay"),
        (("7.4 GBq", "3 d", "1 GBq"), "usage", "decay"),
        (("0 GBq", "3 d", None), "not-positive", "ACTIVITY"),
        (("7.4 GBq", None, "-1 GBq"), "not-positive", "--to"),
        (("7.4 GBq", "-1e6 h", None), "out-of-range", "--after"),  # 2^6268 times as much
        (("7.4 GBq", None, "3 d"), "wrong-dimension", "--to"),
        (("7.4 GBq", None, "1e-300 Bq"), "out-of-range", "--to"),  # less than one nucleus
    ],
)
def test_impossible_decay_question_is_refused(asked, code, place):
    with pytest.raises(InputError) as caught:
        describe_decay(*asked, "Lu-177")
    assert [(p.code, p.place) for p in caught.value.problems] == [(code, place)]
