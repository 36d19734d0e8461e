"""A program that is killed leaves the old file or the new one, and never a part of one.

What is new is the file of a run that was left alone: the same input gives the same bytes. `make
crash` does the same a hundred times for each command; `docs/crash_safety.md` has its figures.
"""

import pytest
from kills import JOBS, kill_often

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("name", "kills"), [("plan -o", 2), ("plan --report", 2), ("cohort", 2)])
def test_every_file_is_the_old_one_or_the_new_one(name, kills, tmp_path):
    found = kill_often(JOBS[name], kills, name, tmp_path, patients=260)
    assert found.kills == kills
    assert found.old + found.new == kills * len(JOBS[name].outputs)
    assert found.broken == 0
    assert found.later >= 1
    assert found.differ == 0
