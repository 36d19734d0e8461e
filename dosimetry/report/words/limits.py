"""Limits in words: frequency of exceeding each, and the worst first."""

from __future__ import annotations

from dosimetry.documents.flags import Flag, Severity
from dosimetry.documents.plan import Plan
from dosimetry.planning.decision_words import limit_words
from dosimetry.quantities import Distribution
from dosimetry.reference import tables
from dosimetry.report.numbers import decimals_of, plain, printed
from dosimetry.report.words.names import words
from dosimetry.report.words.said import Statement, Tone, listed, sentence

ORDER: tuple[Severity, ...] = ("exceeds", "caution", "not-assessed", "within")
TONES: dict[Severity, Tone] = {
    "exceeds": "bad",
    "caution": "caution",
    "not-assessed": "caution",
    "within": "plain",
}
ONE_KIDNEY = "one-kidney-higher"
# Warnings without which a verdict misleads.
BESIDE = (ONE_KIDNEY, "one-kidney-alone", "lower-bound-above-limit")


def limit_name(flag: Flag) -> str:
    """Return the name of a limit for a table, as in "kidneys BED 28 Gy"."""
    return limit_words(flag.region, flag.quantity, flag.limit_value.value)


def limit_phrase(flag: Flag) -> str:
    """Return a limit as a sentence says it.

    Examples
    --------
    >>> import dosimetry
    >>> [limit_phrase(flag) for flag in dosimetry.plan("examples/two_cycles.yaml").flags][1:3]
    ['a BED of 28 Gy to the kidneys', '2 Gy to the red marrow']
    """
    bed = "a BED of " if flag.quantity.startswith("bio") else ""
    return f"{bed}{flag.limit_value.value:g} Gy to {region_phrase(flag.region)}"


def region_phrase(region: str) -> str:
    """Return a region as a sentence says it: "the red marrow", "tumour 1"."""
    return words(region) if region.startswith("tumour") else f"the {words(region)}"


def not_assessed(flag: Flag, plan: Plan) -> str:
    """Return why no dose stands against a limit."""
    region = region_phrase(flag.region)
    bases = {
        dose.basis for cycle in plan.cycles for dose in cycle.regions if dose.region == flag.region
    }
    if "partial" in bases:
        return (
            f"Only a lower bound of the dose to {region} is known, and no population data exist "
            "for this agent."
        )
    return f"Neither measurements of {region} nor population data for this agent exist."


def first_cycle(flag: Flag) -> str:
    """Return, in brackets, from which cycle on a limit has its verdict; empty for within."""
    if flag.severity == "within" or flag.first_cycle is None:
        return ""
    return f" ({flag.severity.upper()} from cycle {flag.first_cycle})"


def in_100(chance: float) -> str:
    """Return a probability as a number of patients in 100.

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
        places += 1  # rounded to whole patients, it would look accepted
    return f"{100 * chance:.{places}f}"


def total_of(flag: Flag, plan: Plan) -> Distribution | None:
    """Return the dose of the whole course that a limit is compared with."""
    for dose in plan.cumulative:
        if dose.region == flag.region:
            return dose.bed if flag.quantity.startswith("bio") else dose.absorbed_dose
    return None


def beside(flag: Flag, plan: Plan) -> list[str]:
    """Return the warnings to read with a verdict: one kidney alone, a lower bound."""
    place = f"flags {flag.limit}"
    return [
        printed(sentence(warning.message))
        for warning in plan.warnings
        if warning.code in BESIDE and warning.place == place
    ]


def worst(plan: Plan) -> Statement | None:
    """Return a statement on the worst limit and on all that may be exceeded.

    Returns
    -------
    Statement or None
        None where the plan has no limit.

    Examples
    --------
    >>> import dosimetry
    >>> statement = worst(dosimetry.plan("examples/two_cycles.yaml"))
    >>> print(statement.head, statement.text.split(". ")[0])
    EXCEEDS: The planned course exceeds 23 Gy to the kidneys in 89 of 100 patients like this one
    """
    flags = sorted(
        plan.flags, key=lambda flag: (ORDER.index(flag.severity), -(flag.probability or 0.0))
    )
    if not flags:
        return None
    if all(cycle.activity is None for cycle in plan.cycles):
        text = "No dose was given and none is planned, so no limit can be exceeded."
        return Statement("LIMITS:", "plain", text)
    first, *others = flags
    sentences = [_first(first, plan)]
    for severity, verb in (("exceeds", "Also exceeds"), ("caution", "May also exceed")):
        same = [_short(flag) for flag in others if flag.severity == severity]
        sentences += [f"{verb} {listed(same)}."] if same else []
    unknown = [limit_phrase(flag) for flag in flags if flag.severity == "not-assessed"]
    if unknown and first.severity != "not-assessed":
        sentences += [f"Not assessed: {listed(unknown)}."]
    sentences += [warning for flag in flags for warning in beside(flag, plan)]
    head = "LIMITS" if first.severity == "within" else first.severity.upper().replace("-", " ")
    return Statement(f"{head}:", TONES[first.severity], " ".join(sentences))


def _first(flag: Flag, plan: Plan) -> str:
    status = "planned" if any(c.status == "planned" for c in plan.cycles) else "delivered"
    if flag.severity == "not-assessed" or flag.probability is None:
        return f"{sentence(limit_phrase(flag))} {not_assessed(flag, plan)}"
    if flag.severity == "within":
        caution = tables.default("caution_probability", "1")
        return (
            f"The {status} course exceeds no limit in more than {in_100(caution)} of 100 "
            f"patients like this one. Nearest: {_short(flag)}."
        )
    return (
        f"The {status} course exceeds {limit_phrase(flag)} in {in_100(flag.probability)} of 100 "
        f"patients like this one. {_dose(flag, plan)}."
    )


def _dose(flag: Flag, plan: Plan) -> str:
    """Return mean and 5 to 95 % interval, and whether anything was measured."""
    total = total_of(flag, plan)
    name = "BED" if flag.quantity.startswith("bio") else "Dose"
    source = ", from the population, not measured" if flag.basis == "population" else ""
    if total is None or total.p5 is None or total.p95 is None or not total.sd:
        dose = "unknown" if total is None else f"{plain(total.value)} Gy"
        return f"{name}: {dose}{source}"
    places = decimals_of(total.sd)
    mean, low, high = (f"{x:.{places}f}" for x in (total.value, total.p5, total.p95))
    return f"{name}: {mean} Gy (5 to 95 %: {low} to {high} Gy){source}"


def _short(flag: Flag) -> str:
    source = ", population" if flag.basis == "population" else ""
    return f"{limit_phrase(flag)} ({in_100(flag.probability or 0.0)} of 100{source})"
