"""The table of a cohort is read as measurements are, in any notation of theirs."""

import pytest

from dosimetry.population.cohort.part import compute_part
from dosimetry.population.cohort.table import parts

HEADER = "patient_id,sex,cycle,administered [GBq],weight [kg],region,time [h],activity [MBq]"
POINTS = ((4, 196.0), (24, 150.4), (72, 76.0), (168, 19.2))  # kidneys, h and MBq
HALF_LIFE = 159.528  # of 177Lu in h


def lines(value=lambda t, a: a, more=()):
    return [["0012", "male", 1, 7.2, 80, "kidneys", t, value(t, a), *more] for t, a in POINTS]


def table(header, rows, separator=",", comma=False):
    cells = [header.split(","), *([f"{cell}" for cell in row] for row in rows)]
    text = "\n".join(separator.join(row) for row in cells) + "\n"
    return text.replace(".", ",") if comma else text


def computed(folder, text):
    (folder / "c.csv").write_text(text)
    [part] = parts(folder / "c.csv", 10)
    return compute_part(part, compile=False)


def kidneys(result):
    assert result.rejected == []
    [row] = result.doses
    return row[5:7], row[9]  # TIA with sd in MBq h, dose in Gy


@pytest.fixture
def plain(tmp_path):
    return kidneys(computed(tmp_path, table(HEADER, lines())))


def of(activity):
    """Return the header with another column of values."""
    return HEADER.replace("activity [MBq]", activity)


SAME = {
    "semicolons and decimal commas": table(HEADER, lines(), ";", comma=True),
    "a first line sep=;": "sep=;\n" + table(HEADER, lines(), ";", comma=True),
    "tabs": table(HEADER, lines(), "\t"),
    "empty columns at the end": table(f"{HEADER},,", lines(more=("", ""))),
    "capitals and blanks": table(
        "Patient ID,SEX,Cycle,Administered (MBq),Weight [kg],Region,Time [h],Activity (MBq)",
        [[*row[:3], 7200, *row[4:]] for row in lines()],
    ),
    "a column of notes": table(f"{HEADER},remark", lines(more=("seen",))),
    "percent of the administered": table(of("activity [%IA]"), lines(lambda t, a: a / 72.0)),
    "concentration and volume": table(
        of("concentration [kBq/mL],volume [mL]"),
        [[*row, 310 / 1.05] for row in lines(lambda t, a: a * 1000.0 / (310 / 1.05))],
    ),
    "decay-corrected": table(
        f"{HEADER},decay_corrected_to",
        lines(lambda t, a: a * 2.0 ** (t / HALF_LIFE), ("administration",)),
    ),
    "SUV and volume": table(
        of("SUV,volume [mL]"),
        [  # 1 SUV is 7,200,000 kBq / 80,000 g = 90 kBq/mL at the injection
            [*row, 310 / 1.05]
            for row in lines(lambda t, a: a * 1000.0 / (310 / 1.05) / 90.0 * 2.0 ** (t / HALF_LIFE))
        ],
    ),
}


@pytest.mark.parametrize("text", SAME.values(), ids=SAME)
def test_every_notation_gives_the_same_dose(tmp_path, plain, text):
    # 310 g are the mass of both kidneys of the phantom, so that a volume changes no mass
    tia, dose = kidneys(computed(tmp_path, text))
    assert tia == pytest.approx(plain[0], rel=1e-9)
    assert dose == pytest.approx(plain[1], rel=1e-9)


def test_a_row_without_value_is_rejected_alone(tmp_path):
    rows = [*lines(), ["0012", "male", 1, 7.2, 80, "kidneys", 96, ""]]
    result = computed(tmp_path, table(HEADER, rows))
    assert [row[4] for row in result.rejected] == ["missing-point"]
    assert len(result.doses) == 1


def test_a_number_in_doubt_rejects_its_curve(tmp_path):
    rows = lines(lambda t, a: "196.000" if t == 4 else a)
    result = computed(tmp_path, table(HEADER, rows, ";"))
    assert {row[4] for row in result.rejected} == {"ambiguous-number"}
    assert result.doses == []


def test_an_sd_of_kidneys_counts_as_in_a_plan(tmp_path):
    header = f"{HEADER},sd [%]"
    narrow = kidneys(computed(tmp_path, table(header, lines(more=(3,)))))
    wide = kidneys(computed(tmp_path, table(header, lines(more=(12,)))))
    assert 2.0 < wide[0][1] / narrow[0][1] < 6.0  # four times the noise, less what is known before
