"""What is known of the dose per activity before any measurement: the prior of every region.

A clinic's own table comes first, then the patient's renal function, then the label. Tumours have
neither; they are predicted once they were measured.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from dosimetry.label.findings import Finding, Observations, observations
from dosimetry.patient.kidneys import pair_of
from dosimetry.patient.prior import LABEL, RENAL, ClinicDose, ClinicPrior
from dosimetry.patient.schema import PatientFile
from dosimetry.patient.times import day
from dosimetry.physics.prediction import Prior, log_variance, population_prior, renal_prior
from dosimetry.problems import Problem, in_words, refuse
from dosimetry.quantities import Estimate
from dosimetry.reference import agents, phantoms, tables
from dosimetry.reference import population as population_figures
from dosimetry.reference import regions as regions_figures
from dosimetry.reference.laboratory import CLEARANCE
from dosimetry.reference.population import RenalDose
from dosimetry.units import HUNDRED_PERCENT

PLACE = "therapy.prior"


@dataclass(frozen=True, eq=False)
class Priors:
    """Priors of a patient's regions.

    Attributes
    ----------
    patient : PatientFile
    label : dict of str to Estimate
        Mean and sd over the label's patients in Gy/GBq, by region; empty for another agent.
    clinic : ClinicPrior or None
    baseline : Finding or None
        Creatinine clearance before cycle 1, where it decides; else None.
    later : Finding or None
        The last clearance after cycle 1.
    """

    patient: PatientFile
    label: dict[str, Estimate]
    clinic: ClinicPrior | None
    baseline: Finding | None
    later: Finding | None

    def regions(self) -> set[str]:
        """Return the regions that have a dose without a measurement."""
        return {*self.label, *(self.clinic.doses if self.clinic else ())}

    def of(self, name: str) -> Prior:
        """Return the prior of a region; both kidneys share one."""
        cv, _ = self.variation(name)
        row = self._of_clinic(name)
        renal, clearance = self._renal(name), self._clearance()
        known = self.label.get(pair_of(name))
        if row is not None:
            return population_prior(row.mean, row.sd, cv, row.patients)
        if renal is not None and clearance is not None:
            return renal_prior(renal, clearance, tables.default("clearance_sd", "1"), cv)
        if known is not None:
            return population_prior(known.value, known.sd or 0.0, cv)
        if _is_tumour(name):
            return Prior(0.0, math.inf, log_variance(cv), math.log1p(self._trend()[0]), 1.0)
        return Prior(0.0, math.inf, log_variance(cv))

    def variation(self, name: str) -> tuple[float, str]:
        """Return the between-cycle coefficient of variation and its source."""
        like = regions_figures.region(name).like if self._has_population() else ""
        return population_figures.between_cycle_cv(like)

    def from_label(self, name: str) -> bool:
        """Return whether a region has the label's prior."""
        return (
            self._of_clinic(name) is None
            and self._renal(name) is None
            and pair_of(name) in self.label
        )

    def assumptions(self, regions: Collection[str]) -> list[str]:
        """Return every figure that the priors of some regions rest on, with its source."""
        return [
            *self._assumed_of_clinic(regions),
            *self._assumed_of_kidney_function(regions),
            *self._assumed_of_tumours(regions),
        ]

    def warnings(self) -> Iterator[Problem]:
        """Yield warnings of a clearance outside the published range, or that fell since."""
        clearance = self._clearance()
        if clearance is None or self.baseline is None:
            return
        dose = next(iter(population_figures.renal_doses().values()))
        if not dose.lowest <= clearance <= dose.highest:
            yield Problem(
                "renal-function-extrapolated",
                f"creatinine clearance {clearance:.0f} mL/min is outside {dose.lowest:g} to "
                f"{dose.highest:g} mL/min, for which doses by renal function are published",
                "the dose per activity of kidneys and red marrow is extrapolated: measure them",
                PLACE,
            )
        tolerated = tables.default("clearance_sd", "1")
        change = self.later.change if self.later is not None else None
        if self.later is not None and change is not None and change < -tolerated:
            yield Problem(
                "clearance-fell",
                f"creatinine clearance fell by {-HUNDRED_PERCENT * change:.0f} % from cycle 1 to "
                f"{day(self.later.at).isoformat()} ({clearance:.0f} to {self.later.value:.0f} "
                "mL/min); the plan uses the value before cycle 1",
                "the dose per activity can be higher than planned: measure the next cycle",
                "labs",
            )

    def _has_population(self) -> bool:
        return agents.has_population(self.patient.therapy.radiopharmaceutical)

    def _clearance(self) -> float | None:
        return None if self.baseline is None else self.baseline.value

    def _renal(self, name: str) -> RenalDose | None:
        """Return the dose by renal function of a region, where it decides."""
        if self.baseline is None:
            return None
        return population_figures.renal_doses().get(pair_of(name))

    def _of_clinic(self, name: str) -> ClinicDose | None:
        """Return the clinic's dose of a region; the pair's for a side that the table lacks."""
        if self.clinic is None:
            return None
        return self.clinic.doses.get(name) or self.clinic.doses.get(pair_of(name))

    def _trend(self) -> tuple[float, str]:
        if self._has_population():
            return population_figures.tumour_trend(self.patient.therapy.tumour_grade)
        agent = self.patient.therapy.radiopharmaceutical
        return 0.0, f"no figure for {agent}"

    def _assumed_of_clinic(self, regions: Collection[str]) -> Iterator[str]:
        if self.clinic is None:
            return
        for name, dose in self.clinic.doses.items():
            if name in regions:
                yield (
                    f"{in_words([name])} before any measurement: {dose.mean:g} Gy/GBq, sd "
                    f"{dose.sd:g} Gy/GBq in {dose.patients} patients ({self.clinic.file})"
                )

    def _assumed_of_kidney_function(self, regions: Collection[str]) -> Iterator[str]:
        clearance = self._clearance()
        if self.baseline is None or clearance is None:
            return
        used = False
        for name, dose in population_figures.renal_doses().items():
            if name not in regions or self._of_clinic(name) is not None:
                continue
            used = True
            prior = self.of(name)
            median = math.exp(prior.mean)
            inside = dose.lowest <= clearance <= dose.highest
            yield (
                f"{in_words([name])} before any measurement, by renal function: median "
                f"{median:.3g} Gy/GBq, sd of ln {math.sqrt(prior.variance):.2f}, "
                f"from {dose.median_dose:g} Gy x (clearance/{dose.at:g} mL/min)^{dose.exponent:g} "
                f"per {dose.activity:g} GBq"
                f"{'' if inside else ', extrapolated'} ({dose.source})"
            )
        if used:
            uncertain = HUNDRED_PERCENT * tables.default("clearance_sd", "1")
            yield (
                f"creatinine clearance {clearance:.0f} mL/min of "
                f"{day(self.baseline.at).isoformat()} used for the whole course, uncertain by "
                f"{uncertain:g} % ({tables.default_source('clearance_sd')})"
            )

    def _assumed_of_tumours(self, regions: Collection[str]) -> Iterator[str]:
        tumours = [name for name in regions if _is_tumour(name)]
        if tumours:
            trend, source = self._trend()
            grade = self.patient.therapy.tumour_grade
            of_grade = "grade not given" if grade is None else f"grade {grade}"
            yield (
                f"dose per activity of {in_words(tumours)} changes by "
                f"{HUNDRED_PERCENT * trend:g} % from cycle to cycle, {of_grade} ({source})"
            )


def priors_of(patient: PatientFile) -> Priors:
    """Return the priors of a patient.

    Raises
    ------
    InputError
        The prior by renal function was asked for, and the renal function is not known.
    """
    chosen = patient.therapy.prior
    label = _label(patient)
    baseline, later = (None, None) if chosen == LABEL else _clearances(patient)
    if chosen == RENAL and baseline is None:
        raise refuse(
            "no-renal-function",
            "the prior by renal function needs the creatinine before cycle 1, age and weight of "
            f"an adult treated with {agents.of_label().name}",
            "add what is missing, or write prior: label",
            PLACE,
        )
    clinic = chosen if isinstance(chosen, ClinicPrior) else None
    return Priors(patient, label, clinic, baseline, later)


def _label(patient: PatientFile) -> dict[str, Estimate]:
    """Return the label's doses of the regions that the sex has; empty without population data."""
    if not agents.has_population(patient.therapy.radiopharmaceutical):
        return {}
    own = phantoms.organ_masses(patient.person.sex)
    other = phantoms.organ_masses("female" if patient.person.sex == "male" else "male")
    return {
        name: coefficient
        for name, coefficient in population_figures.population_coefficients().items()
        if name in own or name not in other
    }


def _clearances(patient: PatientFile) -> tuple[Finding | None, Finding | None]:
    """Return the creatinine clearance before cycle 1, and the last one after it."""
    age = patient.person.age
    youngest = max(dose.lowest_age for dose in population_figures.renal_doses().values())
    ruled = agents.has_population(patient.therapy.radiopharmaceutical)
    if not patient.labs or not ruled or age is None or age.value < youngest:
        return None, None
    seen = observations(patient)
    baseline = seen.baseline.get(CLEARANCE)
    return baseline, _last(seen) if baseline is not None else None


def _last(seen: Observations) -> Finding | None:
    """Return the last clearance that was compared with the baseline."""
    found = (dated.findings.get(CLEARANCE) for dated in reversed(seen.all))
    return next((one for one in found if one is not None and one.change is not None), None)


def _is_tumour(name: str) -> bool:
    return regions_figures.region(name).role == "tumour"
