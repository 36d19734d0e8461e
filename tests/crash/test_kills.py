"""A killed program leaves the old file or the new file, never a part of one.

The new file is compared with that of an undisturbed run: the same input gives the same bytes.
``make crash`` repeats this a hundred times for each command; ``docs/crash_safety.md`` has the
results.
"""

import pytest
from kills import JOBS, kill_often

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("name", "kills"), [("plan -o", 2), ("plan --report", 2), ("cohort", 2)])
def test_killed_program_leaves_old_file_or_new_file(name, kills, tmp_path):
    found = kill_often(JOBS[name], kills, name, tmp_path, patients=260)
    assert found.kills == kills
    assert found.old + found.new == kills * len(JOBS[name].outputs)
    assert found.broken == 0
    assert found.later >= 1
    assert found.differ == 0
