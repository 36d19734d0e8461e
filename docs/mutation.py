"""Write ``docs/mutation.md``: small changes of the code, and whether a test detects them.

``make mutate`` runs every mutant from the start. ``python docs/mutation.py course.flags`` runs
the mutants of a module that have no result yet, ``--again`` also those that survived,
``--sample N`` at most N of each module (0 only writes the page). Results stay in ``mutants/``. The
reasons of the survivors are written by hand in ``docs/mutation_reasons.csv``.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import importlib.metadata
import os
import random
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import libcst
from hypothesis import settings
from mutmut import __main__ as mutmut
from mutmut.mutation import file_mutation, trampoline

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "mutation.md"
REASONS = ROOT / "docs" / "mutation_reasons.csv"
DECORATORS = {"quantities", "property", "cached_property"}
SEED = 177
EXAMPLES = 20  # of each property, not 100: a mutant fails at one of the first or not at all
KILLED = {"killed", "timeout"}
SURVIVED = {"survived", "no tests"}
OPEN = "not yet explained"
HEAD = """\
# Mutation testing

A mutant is the code with one small change: `+` for `-`, `<=` for `<`, `None` for a value, an
argument removed. A mutant is killed if a test fails. A surviving mutant shows a line that the tests
run but do not check, or a change without effect.

{date}, dosimetry {version}, mutmut {mutmut}, Python {python}. Computed by `make mutate`
({hours:.1f} h of one core for the mutants counted here).

- **Changed**: `physics/` (without `draws.py`, a Sobol sequence that is compared draw by draw),
  `recalculation/integrals.py`, `course/flags.py` and `label/grades.py`, within functions,
  methods, properties and public functions with units (mutmut alone skips decorated functions).
  Not `physics/curve_search/compiling.py`, which passes the sources of the kernel to numba:
  mutants run interpreted, and the kernel is one source for both.
- **Not changed**: code, text and cure of an error or warning (`raise ...`, `Problem(...)`). The
  condition before it is changed.
- **Tests used**: `tests/physics`, and the other tests named in `pyproject.toml`,
  without the slowest and with {examples} examples of a property. Doctests and the tests of whole
  plans are not used; they would kill more.
- **Killed** includes mutants that never end. They are stopped at {limit:g} times the duration of
  the tests.
"""
PART = f"""\
- **Not run**: this is a sample. The mutants of each module were drawn with the seed {SEED}, by
  `python docs/mutation.py --sample N`. `make mutate` runs all.
"""


@dataclass(frozen=True)
class Mutant:
    """One change of the code and what became of it."""

    name: str
    module: str
    function: str
    status: str


def mutate_decorated() -> None:
    """Let mutmut mutate doors and properties, which it leaves out as it does all decorated code.

    Their decorators stay on the function that picks the mutant, original and mutants go without.
    """
    skip = file_mutation.MutationVisitor._skip_node_and_children
    arrange = file_mutation.function_trampoline_arrangement

    def skip_others(visitor: Any, node: libcst.CSTNode) -> bool:
        bare = _is_ours(node) and node.with_changes(decorators=())
        return skip(visitor, bare or node)

    def arrange_bare(function: libcst.FunctionDef, *args: Any, **kwargs: Any) -> Any:
        if not _is_ours(function):
            return arrange(function, *args, **kwargs)
        before, nodes, *rest = arrange(function.with_changes(decorators=()), *args, **kwargs)
        door = nodes[0].with_changes(decorators=(*function.decorators, *nodes[0].decorators))
        return before, [door, *nodes[1:]], *rest

    file_mutation.MutationVisitor._skip_node_and_children = skip_others
    file_mutation.function_trampoline_arrangement = arrange_bare


def _is_ours(node: libcst.CSTNode) -> bool:
    if not isinstance(node, libcst.FunctionDef) or len(node.decorators) != 1:
        return False
    decorator = node.decorators[0].decorator
    named = decorator.func if isinstance(decorator, libcst.Call) else decorator
    name = named.attr if isinstance(named, libcst.Attribute) else named
    return name.value in DECORATORS


def mutants() -> Iterator[Mutant]:
    """Yield every mutant with what is known of it."""
    found, _ = mutmut.collect_source_file_mutation_data(mutant_names=())
    for data, name, code in found:
        module = str(data.path).removeprefix("dosimetry/").removesuffix(".py").replace("/", ".")
        function = mutmut.mangled_name_from_mutant_name(name).rpartition(".")[2]
        function = function.removeprefix("x_").removeprefix("xǁ").replace("ǁ", ".")
        yield Mutant(name, module, function, mutmut.status_by_exit_code[code])


def change(mutant: Mutant) -> tuple[str, str]:
    """Return the lines of a mutant before and after the change."""
    path = Path("dosimetry") / (mutant.module.replace(".", "/") + ".py")
    lines = mutmut.get_diff_for_mutant(mutant.name, path=path).splitlines()[2:]
    return tuple(" ".join(line[1:].strip() for line in lines if line[0] == s) for s in "-+")


def chosen(modules: Sequence[str], again: bool, sample: int | None) -> list[str]:
    """Return the names of the mutants to run; a larger sample holds the smaller."""
    wanted = {"not checked", *(SURVIVED if again else ())}
    by_module = defaultdict(list)
    for mutant in mutants():
        if not modules or mutant.module in modules:
            by_module[mutant.module].append(mutant)
    names = []
    for those in by_module.values():
        drawn = random.Random(SEED).sample(those, len(those))[:sample]
        names += [mutant.name for mutant in drawn if mutant.status in wanted]
    return names


def table(found: Sequence[Mutant]) -> str:
    """Return the counts of each module."""
    rows = [
        "| module | mutants | not run | killed | survived | killed, % |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for module in [*sorted({m.module for m in found}), "all"]:
        those = [m.status for m in found if module in {m.module, "all"}]
        killed = sum(status in KILLED for status in those)
        survived = sum(status in SURVIVED for status in those)
        share = f"{100 * killed / (killed + survived):.1f}" if killed + survived else ""
        not_run = len(those) - killed - survived
        rows.append(f"| `{module}` | {len(those)} | {not_run} | {killed} | {survived} | {share} |")
    return "\n".join(rows)


def survivors(found: Sequence[Mutant]) -> str:
    """Return the survivors below the reason that is known of them."""
    with REASONS.open(encoding="utf-8", newline="") as file:
        reasons = {
            (row["module"], row["function"], row["before"], row["after"]): row["reason"]
            for row in csv.DictReader(file)
        }
    groups = defaultdict(list)
    for mutant in found:
        if mutant.status in SURVIVED:
            key = (mutant.module, mutant.function, *change(mutant))
            groups[reasons.get(key, OPEN)].append(key)
    return "\n".join(
        f"### {reason[0].upper()}{reason[1:]} ({len(groups[reason])})\n\n"
        + "| function | before | after |\n| --- | --- | --- |\n"
        + "\n".join(map(_row, sorted(groups[reason])))
        + "\n"
        for reason in sorted(groups, key=lambda reason: (reason == OPEN, reason))
    )


def _row(key: tuple[str, str, str, str]) -> str:
    module, function, *lines = key
    code = (f"`{line.replace('|', chr(92) + '|')}`" if line else "" for line in lines)
    return f"| `{module}.{function}` | {' | '.join(code)} |"


def page(found: Sequence[Mutant]) -> str:
    """Return the text of the page."""
    spent = sum(
        sum(data.durations_by_key.values())
        for data in mutmut.collect_source_file_mutation_data(mutant_names=())[1].values()
    )
    head = HEAD.format(
        date=dt.date.today().isoformat(),
        version=importlib.metadata.version("dosimetry"),
        mutmut=importlib.metadata.version("mutmut"),
        python=".".join(map(str, sys.version_info[:3])),
        hours=spent / 3600,
        examples=EXAMPLES,
        limit=mutmut.config().timeout_multiplier,
    )
    part = PART if any(mutant.status not in KILLED | SURVIVED for mutant in found) else ""
    return f"{head}{part}\n{table(found)}\n\n## Survivors\n\n{survivors(found)}"


def main() -> None:
    """Run the mutants and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*")
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--sample", type=int)
    args = parser.parse_args()
    os.chdir(ROOT)
    os.environ["NUMBA_DISABLE_JIT"] = "1"
    settings.register_profile("mutation", max_examples=EXAMPLES, deadline=None)
    settings.load_profile("mutation")
    mutate_decorated()
    trampoline.get_mutant_under_test = lambda: trampoline._mutant_under_test  # not os.environ: slow
    mutmut.makedirs("mutants", exist_ok=True)
    mutmut.copy_src_dir()
    mutmut.create_mutants(1)
    names = chosen(args.modules, args.again, args.sample)
    if names:
        mutmut._run(names, os.cpu_count())
    PAGE.write_text(page(list(mutants())), encoding="utf-8")


if __name__ == "__main__":
    main()
