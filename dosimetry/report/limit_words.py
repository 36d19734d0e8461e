"""Limits in words: how many of 100 such patients exceed each, the worst first."""

from __future__ import annotations

from dosimetry import tables
from dosimetry.quantities import Distribution
from dosimetry.report.numbers import decimals_of, plain
from dosimetry.report.said import Said, Tone, listed, sentence
from dosimetry.therapy.decision_words import limit_words
from dosimetry.therapy.plan import Flag, Plan, Severity

ORDER: tuple[Severity, ...] = ("exceeds", "caution", "not-assessed", "within")
TONES: dict[Severity, Tone] = {
    "exceeds": "bad",
    "caution": "caution",
    "not-assessed": "caution",
    "within": "plain",
}
ONE_KIDNEY = "one-kidney-higher"
BESIDE = (ONE_KIDNEY, "lower-bound-above-limit")  # warnings that change a verdict's sense


def limit_name(flag: Flag) -> str:
    """Return a limit by what it limits, as in "kidneys BED 28 Gy"."""
    return limit_words(flag.region, flag.quantity, flag.limit_value.value)


def in_100(chance: float) -> str:
    """Return a probability as a number of 100 patients.

    Examples
    --------
    >>> in_100(0.902), in_100(0.0566), in_100(0.0512), in_100(0.0002), in_100(0.9999)
    ('90', '6', '5.1', 'fewer than 1', 'more than 99')
    """
    if chance < 0.01:
        return "fewer than 1"
    if chance > 0.99:
        return "more than 99"
    bounds = [tables.default(f"{name}_probability", "1") for name in ("caution", "exceeds")]
    places = 0
    while any(chance > bound >= round(chance, places + 2) for bound in bounds) and places < 4:
        places += 1  # rounded to whole patients it would look accepted
    return f"{100 * chance:.{places}f}"


def total_of(flag: Flag, plan: Plan) -> Distribution | None:
    """Return the dose of the whole course that a limit is compared with."""
    for dose in plan.cumulative:
        if dose.region == flag.region:
            return dose.bed if flag.quantity.startswith("bio") else dose.absorbed_dose
    return None


def beside(flag: Flag, plan: Plan) -> list[str]:
    """Return what has to be read with the verdict on a limit: one kidney alone, a lower bound."""
    place = f"flags {flag.limit}"
    return [
        sentence(warning.message)
        for warning in plan.warnings
        if warning.code in BESIDE and warning.place == place
    ]


def worst(plan: Plan) -> Said | None:
    """Return the worst limit, and those that are not kept beside it; None without a limit.

    Examples
    --------
    >>> import dosimetry
    >>> said = worst(dosimetry.plan("examples/two_cycles.yaml"))
    >>> said.head, said.text.split(". ")[0]
    ('EXCEEDS:', 'The planned course exceeds kidneys 23 Gy in 90 of 100 such patients (26.1 Gy, 22.2 to 30.5)')
    """  # noqa: E501
    flags = sorted(
        plan.flags, key=lambda flag: (ORDER.index(flag.severity), -(flag.probability or 0.0))
    )
    if not flags:
        return None
    if all(cycle.activity is None for cycle in plan.cycles):
        return Said("LIMITS:", "plain", "No dose planned, none given: no limit is touched.")
    first, *others = flags
    said = [_first(first, plan)]
    for severity, words in (("exceeds", "Also exceeds"), ("caution", "May also exceed")):
        same = [_short(flag) for flag in others if flag.severity == severity]
        said += [f"{words}: {listed(same)}."] if same else []
    unknown = [limit_name(flag) for flag in flags if flag.severity == "not-assessed"]
    if unknown and first.severity != "not-assessed":
        said += [f"Not assessed: {listed(unknown)}."]
    said += [line for flag in flags for line in beside(flag, plan)]
    head = "LIMITS" if first.severity == "within" else first.severity.upper().replace("-", " ")
    return Said(f"{head}:", TONES[first.severity], " ".join(said))


def _first(flag: Flag, plan: Plan) -> str:
    course = "planned" if any(c.status == "planned" for c in plan.cycles) else "delivered"
    if flag.severity == "not-assessed" or flag.probability is None:
        return f"{sentence(limit_name(flag))[:-1]}: not measured, and no population data exist."
    if flag.severity == "within":
        caution = tables.default("caution_probability", "1")
        return (
            f"The {course} course exceeds none in more than {in_100(caution)} of 100 such "
            f"patients; nearest: {_short(flag)}."
        )
    return (
        f"The {course} course exceeds {limit_name(flag)} in {in_100(flag.probability)} of 100 "
        f"such patients ({_dose(flag, plan)})."
    )


def _dose(flag: Flag, plan: Plan) -> str:
    """Return mean and 5 to 95 % interval, and whether anything was measured."""
    total = total_of(flag, plan)
    notes = ["population, not measured"] if flag.basis == "population" else []
    if total is None or total.p5 is None or total.p95 is None or not total.sd:
        shown = [] if total is None else [f"{plain(total.value)} Gy"]
        return "; ".join([*shown, *notes])
    places = decimals_of(total.sd)
    mean, low, high = (f"{x:.{places}f}" for x in (total.value, total.p5, total.p95))
    return "; ".join([f"{mean} Gy, {low} to {high}", *notes])


def _short(flag: Flag) -> str:
    note = ", population" if flag.basis == "population" else ""
    return f"{limit_name(flag)} ({in_100(flag.probability or 0.0)} of 100{note})"
