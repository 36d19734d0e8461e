"""The mutation page: every module, counts that add up, a reason for every survivor."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "mutation.md").read_text(encoding="utf-8")
COUNTS = {  # module: mutants, not run, killed, survived
    name: tuple(map(int, counts))
    for name, *counts in re.findall(
        r"^\| `([a-z_.]+)` \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|", PAGE, re.MULTILINE
    )
}
MODULES = {name: counts for name, counts in COUNTS.items() if name != "all"}


def test_every_mutated_file_has_a_row():
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutmut"]
    paths = {path for pattern in config["only_mutate"] for path in ROOT.glob(pattern)}
    paths -= {ROOT / path for path in config["do_not_mutate"]}
    code = {path for path in paths if path.suffix == ".py" and path.name != "__init__.py"}
    names = [path.relative_to(ROOT / "dosimetry").with_suffix("").parts for path in code]
    assert set(MODULES) == {".".join(parts) for parts in names}


def test_the_counts_add_up():
    assert COUNTS["all"] == tuple(map(sum, zip(*MODULES.values(), strict=True)))
    for mutants, *parts in COUNTS.values():
        assert mutants == sum(parts)


def test_at_least_nine_of_ten_mutants_are_killed():
    _, _, killed, survived = COUNTS["all"]
    assert killed >= 0.9 * (killed + survived)


def test_every_survivor_has_a_reason():
    listed = re.findall(r"^### (.+) \((\d+)\)$", PAGE, re.MULTILINE)
    assert sum(int(count) for _, count in listed) == COUNTS["all"][-1]
    assert "Not yet explained" not in {reason for reason, _ in listed}
