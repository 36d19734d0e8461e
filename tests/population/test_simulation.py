"""Virtual trials reproduce the population of the tables for any number of workers."""

import io
import json
import math

import numpy as np
import pytest
from rich.console import Console

import dosimetry
from dosimetry.population.virtual_trial import simulate as simulation
from dosimetry.population.virtual_trial.simulate import BLOCK, simulate
from dosimetry.problems import InputError
from dosimetry.report.terminal.population import show_virtual_trial, virtual_trial_svg

PATIENTS = 60_000


@pytest.fixture(scope="module")
def netter():
    return simulate("netter-1", PATIENTS, 1)


def dose_of(trial, region, strategy=0, quantity="absorbed dose"):
    regions = trial.strategies[strategy].regions
    return next(r.spread for r in regions if (r.region, r.quantity) == (region, quantity))


def chance_of(trial, limit, strategy=0):
    return next(one for one in trial.strategies[strategy].limits if one.id == limit).probability


def error_of_sd(mean, sd):
    """Standard error of a sample's sd: sd/2 sqrt((k - 1)/n), k the kurtosis of a lognormal."""
    w = 1 + (sd / mean) ** 2
    kurtosis = w**4 + 2 * w**3 + 3 * w**2 - 3
    return sd / 2 * math.sqrt((kurtosis - 1) / PATIENTS)


# known answers: nothing measured, 4 x 7.4 GBq
@pytest.mark.parametrize(
    ("region", "mean", "sd", "low", "high", "limit", "chance"),
    [
        ("kidneys", 19.358, 8.295, 9.06, 34.95, "kidneys-ad-23", 0.2660),
        ("red_marrow", 1.0360, 0.790, 0.270, 2.509, "red-marrow-ad-2", 0.0951),
    ],
)
def test_simulated_population_matches_the_label(netter, region, mean, sd, low, high, limit, chance):
    found = dose_of(netter, region)
    assert found.mean == pytest.approx(mean, abs=3 * sd / math.sqrt(PATIENTS))
    assert found.sd == pytest.approx(sd, abs=3 * error_of_sd(mean, sd))
    assert found.percentiles["p5"] == pytest.approx(low, rel=0.02)
    assert found.percentiles["p95"] == pytest.approx(high, rel=0.02)
    error = math.sqrt(chance * (1 - chance) / PATIENTS)
    assert chance_of(netter, limit) == pytest.approx(chance, abs=3 * error)


@pytest.mark.slow
def test_number_of_workers_does_not_change_results():
    one = simulate(patients=BLOCK + 100, seed=5, strategies=("fixed", "to-limit"), workers=1)
    two = simulate(patients=BLOCK + 100, seed=5, strategies=("fixed", "to-limit"), workers=2)
    assert one.to_json() == two.to_json()


def test_another_seed_gives_other_patients():
    assert dose_of(simulate(patients=500, seed=1), "kidneys") != dose_of(
        simulate(patients=500, seed=2), "kidneys"
    )


def test_all_strategies_treat_the_same_patients():
    both = simulate(patients=500, seed=3, strategies=("fixed", "adjusted"))
    assert dose_of(both, "kidneys") == dose_of(simulate(patients=500, seed=3), "kidneys")


def test_adjusted_starts_at_the_activity_of_an_unmeasured_plan():
    patient = dosimetry.Patient.from_dict(
        {"patient": {"id": "NEW", "sex": "male"}, "therapy": {"regimen": "netter-1"}}
    )
    # the population alone binds at a probability of 0.5
    asked = {"max_activity": "200 GBq", "bind": "all"}
    planned = dosimetry.plan(patient, "adjusted", 0.5, **asked).cycles[0].activity
    design = simulation._design("netter-1", seed=1, risk=0.05, max_cycles=8)
    kidneys, marrow = (np.ones((3, 8)), np.full(3, 0.0520)), (np.ones((3, 8)), None)
    total = {(one.region, one.quantity): np.zeros(3) for one in design.limits}
    drawn = {"kidneys": kidneys, "red_marrow": marrow}
    allowed = simulation._allowed(design, "adjusted", drawn, total, 0)
    # 1024 draws here and 4096 there
    assert allowed == pytest.approx(np.full(3, planned.value), rel=0.03)


def test_to_limit_keeps_most_patients_below_every_limit():
    trial = simulate(patients=4000, strategies=("fixed", "to-limit", "adjusted"))
    for limit in ("kidneys-ad-23", "kidneys-bed-40", "red-marrow-ad-2"):
        for strategy in (1, 2):
            # each decision runs 5 %, and all of them are about one patient
            assert chance_of(trial, limit, strategy) < 0.05
    assert chance_of(trial, "kidneys-ad-23", 0) > 0.2


def test_bed_is_that_of_one_exponential_with_the_half_life_drawn():
    # G = l/(l + mu) of one exponential, so at 51 h and 2.8 h it is
    # 0.0520 and the BED of small doses per cycle exceeds the dose by G D^2/(alpha/beta) each
    trial = simulate(patients=20_000, seed=4)
    dose, bed = (
        dose_of(trial, "kidneys", quantity=q)
        for q in ("absorbed dose", "biologically effective dose")
    )
    g = (1 / 51) / (1 / 51 + 1 / 2.8)
    k = np.array([0.654, 0.295])
    expected = dose.mean + 4 * g * 7.4**2 * (k[0] ** 2 + k[1] ** 2) / 2.6
    assert bed.mean == pytest.approx(expected, rel=0.01)


def test_document_and_figure_hold_every_strategy_and_limit():
    trial = simulate(patients=300, strategies=("fixed", "to-limit"))
    document = json.loads(trial.to_json())
    assert document["schema"] == "dosimetry/simulation/1"
    assert [one["strategy"] for one in document["strategies"]] == ["fixed", "to-limit"]
    counts = document["strategies"][0]["regions"][0]["spread"]["counts"]
    assert sum(counts) == 300
    figure = virtual_trial_svg(trial)
    assert figure.startswith("<svg")
    assert "kidneys-ad-23" in figure
    assert "to-limit" in figure


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"regimen_name": "netter-2"}, "unknown-regimen"),
        ({"regimen_name": "netter-1-control"}, "nothing-to-simulate"),
        ({"strategies": ("most",)}, "unknown-strategy"),
        ({"patients": 0}, "out-of-range"),
        ({"seed": -1}, "out-of-range"),
        ({"max_cycles": 13}, "out-of-range"),
    ],
)
def test_impossible_simulation_is_refused(arguments, code):
    with pytest.raises(InputError) as caught:
        simulate(**{"patients": 10, **arguments})
    assert caught.value.problems[0].code == code


def test_constant_activity_is_printed_without_spread():
    out = io.StringIO()
    found = simulate(patients=300, strategies=("fixed", "to-limit"))
    show_virtual_trial(found, Console(file=out, width=120))
    (line,) = [row for row in out.getvalue().splitlines() if row.startswith("activity")]
    assert "29.6 (all patients)" in line
    assert line.count("±") == 1  # to-limit stops at each patient's own
