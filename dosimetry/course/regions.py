"""Dose distribution of every region over the course, from measurements and population data."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dosimetry.course.priors import Priors, priors_of
from dosimetry.course.region import RegionCourse
from dosimetry.course.warnings import course_warnings
from dosimetry.cycle.dose import CycleDose
from dosimetry.patient.kidneys import (
    PAIR,
    SIDES,
    given_sides,
    pair_of,
    share_of_pair,
    solitary,
    with_pair,
)
from dosimetry.patient.schema import PatientFile
from dosimetry.physics.decay import LN2
from dosimetry.physics.kinetics import Exponentials, Shape
from dosimetry.physics.prediction import Observation, posterior
from dosimetry.physics.radiobiology import lea_catcheside, lea_catcheside_each
from dosimetry.problems import Problem, in_words
from dosimetry.reference import agents, radiobiology, tables
from dosimetry.reference import population as population_figures
from dosimetry.reference import regions as regions_figures

LISTED = 6
FIRST = (PAIR, *SIDES, "red_marrow", "spleen", "liver")


@dataclass(frozen=True, eq=False)
class CourseDoses:
    """Every region that has a dose, in the order of the plan.

    Attributes
    ----------
    regions : mapping of str to RegionCourse
    measured : set of str
        Regions whose dose was measured in some cycle; lower bounds do not count.
    assumptions : tuple of str
    warnings : tuple of Problem
    """

    regions: Mapping[str, RegionCourse]
    measured: frozenset[str]
    assumptions: tuple[str, ...]
    warnings: tuple[Problem, ...]


def course_doses(
    patient: PatientFile, delivered: Sequence[CycleDose], wanted: Collection[str] | None = None
) -> CourseDoses:
    """Return the dose distribution of every region, with the activities of delivered cycles.

    Only of the regions ``wanted``, where they are given.
    """
    measured = frozenset(
        region for cycle in delivered for region, dose in cycle.doses.items() if not dose.missing
    )
    priors = priors_of(patient)
    names = sorted(measured | priors.regions(), key=_order)
    if wanted is not None:
        names = [name for name in names if name in wanted]
    regions: dict[str, RegionCourse] = {}
    notes = _Notes()
    most = int(tables.default("most_cycles", "1"))
    protraction = _protraction(names, patient, delivered, most, notes)
    for name in names:
        regions[name] = _region_course(name, patient, delivered, priors, protraction[name], notes)
    return CourseDoses(
        regions,
        measured,
        tuple(_assumptions(patient, regions, measured, priors, notes)),
        (*course_warnings(patient, regions, measured), *priors.warnings()),
    )


def observations_of(
    name: str, delivered: Sequence[CycleDose], *, as_measured: bool = False
) -> list[Observation]:
    """Return the dose per activity of a region in every cycle that measured all of it.

    With ``as_measured``, a kidney that follows the other has no further uncertainty.
    """
    whole = {
        i: cycle.doses[name]
        for i, cycle in enumerate(delivered)
        if name in cycle.doses and not cycle.doses[name].missing
    }
    if as_measured:
        whole = {i: replace(dose, relative_ratio_sds=(0.0, 0.0)) for i, dose in whole.items()}
    further = further_causes(name, delivered)
    return [dose.observation(i, delivered[i].net.activity, further) for i, dose in whole.items()]


def further_causes(name: str, delivered: Sequence[CycleDose]) -> list[str]:
    """Return the causes of uncertainty that only some cycles of a region share."""
    doses = (cycle.doses[name] for cycle in delivered if name in cycle.doses)
    return sorted({cause for dose in doses for cause in dose.further_sds})


class _Notes:
    """Regions by the assumption made for them."""

    def __init__(self) -> None:
        self.half_life: dict[tuple[float, str], list[str]] = {}
        self.variation: dict[tuple[float, str], list[str]] = {}

    def add(
        self, where: dict[tuple[float, str], list[str]], key: tuple[float, str], name: str
    ) -> None:
        where.setdefault(key, []).append(name)


def _order(region: str) -> tuple[int, str]:
    if region in FIRST:
        return FIRST.index(region), ""
    role = regions_figures.region(region).role
    return len(FIRST) + (0 if role == "tumour" else 1), region


def _region_course(
    name: str,
    patient: PatientFile,
    delivered: Sequence[CycleDose],
    priors: Priors,
    protraction: tuple[float, ...] | None,
    notes: _Notes,
) -> RegionCourse:
    like = regions_figures.region(name).like
    prior = priors.of(name)
    doses = {i: cycle.doses[name] for i, cycle in enumerate(delivered) if name in cycle.doses}
    activities = [cycle.net.activity for cycle in delivered]
    whole = {i: dose for i, dose in doses.items() if not dose.missing}
    bounds = tuple(
        dose.lower_bound(i, activities[i])
        for i, dose in doses.items()
        if dose.missing and dose.dose > 0
    )
    most = int(tables.default("most_cycles", "1"))
    conditioned = posterior(prior, observations_of(name, delivered), most)
    assert conditioned is not None  # a region was measured, or is one of the population
    as_measured = None
    if any(dose.relative_ratio_sd > 0 for dose in whole.values()):
        as_measured = posterior(prior, observations_of(name, delivered, as_measured=True), most)
    notes.add(notes.variation, priors.variation(name), name)
    earlier = _earlier(name, patient)
    above = any(bound.coefficient > prior.coefficient for bound in bounds)
    return RegionCourse(
        region=name,
        activities=tuple(cycle.net.activity_gbq for cycle in delivered),
        posterior=replace(conditioned, bounds=bounds),
        protraction=protraction,
        alpha_beta=radiobiology.radiobiology(like).alpha_beta,
        earlier_dose=earlier[0],
        earlier_bed=earlier[1],
        measured=frozenset(i for i, dose in whole.items() if not dose.estimated),
        estimated=frozenset(i for i, dose in whole.items() if dose.estimated),
        as_measured=as_measured,
        individual=bool(whole) or bool(earlier[0]) or above,
    )


def _earlier(name: str, patient: PatientFile) -> tuple[float, float | None]:
    """Return absorbed dose and BED of previous radiation.

    A kidney has the dose of the pair where only the pair is given. The pair has the mean of both
    sides, or the dose of a solitary kidney.
    """
    prior_doses = patient.therapy.prior_doses
    prior_dose = next(
        (prior_doses[entry] for entry in with_pair(name) if entry in prior_doses), None
    )
    if prior_dose is not None:
        return prior_dose.absorbed_dose.value, prior_dose.bed.value if prior_dose.bed else None
    sides = [prior_doses[side] for side in given_sides(prior_doses)] if name == PAIR else []
    share = share_of_pair(patient.person)
    beds = [side.bed.value * share for side in sides if side.bed is not None]
    dose = sum(side.absorbed_dose.value for side in sides) * share
    return dose, sum(beds) if len(beds) == len(sides) else None


Protraction = Mapping[str, tuple[float, ...] | None]


def measured_protraction(
    names: Collection[str], patient: PatientFile, delivered: Sequence[CycleDose]
) -> Protraction:
    """Return Lea and Catcheside's G of regions in every delivered cycle; None without a BED."""
    return _protraction(names, patient, delivered, len(delivered), _Notes())


def _protraction(
    names: Collection[str],
    patient: PatientFile,
    delivered: Sequence[CycleDose],
    count: int,
    notes: _Notes,
) -> Protraction:
    """Return G of every cycle: of its own curve, else the last measured one, else the table."""
    protraction: dict[str, tuple[float, ...] | None] = {}
    of_cycles = [_of_own_curves(names, cycle) for cycle in delivered]
    for name in names:
        own = {i: of_cycle[name] for i, of_cycle in enumerate(of_cycles) if name in of_cycle}
        if own:
            usual = own[max(own)]
        else:
            like = regions_figures.region(name).like
            row = population_figures.effective_half_life(like)
            if row is None or not agents.has_population(patient.therapy.radiopharmaceutical):
                protraction[name] = None
                continue
            mono = Exponentials(np.ones(1), np.array([LN2 / row[0]]))
            usual = lea_catcheside(mono, radiobiology.radiobiology(like).repair_half_life)
            notes.add(notes.half_life, (row[0], row[2]), name)
        protraction[name] = tuple(own.get(i, usual) for i in range(count))
    return protraction


def _of_own_curves(names: Collection[str], cycle: CycleDose) -> dict[str, float]:
    """Return G of the regions measured in a cycle, those of one repair half-life together."""
    alike: dict[float, dict[str, Shape]] = {}
    for name in names:
        dose = cycle.doses.get(name)
        if dose is not None and dose.dose_rate is not None and not dose.missing:
            repair = radiobiology.radiobiology(regions_figures.region(name).like).repair_half_life
            alike.setdefault(repair, {})[name] = dose.dose_rate
    return {
        name: g
        for repair, rates in alike.items()
        for name, g in zip(rates, lea_catcheside_each([*rates.values()], repair), strict=True)
    }


def _listed(regions: Sequence[str]) -> str:
    """Return regions in words; of many only the first (the plan has the basis of each)."""
    if len(regions) <= LISTED + 1:
        return in_words(regions)
    return f"{in_words(regions[:LISTED])} and {len(regions) - LISTED} more"


def _assumptions(
    patient: PatientFile,
    regions: Mapping[str, RegionCourse],
    measured: frozenset[str],
    priors: Priors,
    notes: _Notes,
) -> list[str]:
    assumptions = []
    population = [name for name in regions if name not in measured and priors.from_label(name)]
    if population:
        table = tables.table("population_coefficients_lu177_dotatate")
        assumptions.append(
            f"not measured, population data used: {_listed(population)} "
            f"({'; '.join(table.sources)})"
        )
    assumptions += priors.assumptions(regions)
    if patient.regions_measured():
        table = tables.table(f"s_values_lu177_icrp89_adult_{patient.person.sex}")
        assumptions.append(
            f"S values: ICRP 89 adult {patient.person.sex} ({'; '.join(table.sources)})"
        )
    for (half_life, source), names in notes.half_life.items():
        assumptions.append(
            f"BED of {_listed(names)} without a measured curve: mono-exponential, effective "
            f"half-life {half_life:g} h ({source})"
        )
    for (cv, source), names in notes.variation.items():
        assumptions.append(
            f"dose per activity varies by {100 * cv:.0f} % (1 sd) between cycles: {_listed(names)} "
            f"({source})"
        )
    for name, region in regions.items():
        bio = radiobiology.radiobiology(regions_figures.region(name).like)
        if region.protraction is not None and not bio.generic and name not in SIDES:
            assumptions.append(
                f"BED of {in_words([name])}: alpha/beta {bio.alpha_beta:g} Gy, repair half-life "
                f"{bio.repair_half_life:g} h ({bio.source})"
            )
    for name, dose in patient.therapy.prior_doses.items():
        if name in regions or pair_of(name) in regions:
            whose = "" if name in regions else " of the kidneys"
            assumptions.append(
                f"previous dose of {dose.absorbed_dose.value:g} Gy to the {in_words([name])} "
                f"included in the cumulative dose{whose} ({dose.source})"
            )
    irradiated = given_sides(patient.therapy.prior_doses)
    if len(irradiated) == 1 and not solitary(patient.person):
        assumptions.append(
            f"previous radiation given for the {in_words(irradiated)} only: 0 Gy used for the "
            "other kidney, half of the dose for the pair"
        )
    return assumptions
