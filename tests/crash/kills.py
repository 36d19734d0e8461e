"""Kill the program at random moments (SIGKILL) and inspect its output files.

``make crash`` runs all kills and prints the table of ``docs/crash_safety.md``; ``test_kills.py``
runs a few. Every second kill comes at a random time of the run. The others come at a random change
in the folder, such as a file that appears or grows, and so during writing.
"""

import contextlib
import dataclasses
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = (sys.executable, "-c", "from dosimetry.cli.program import main; main()")
ENVIRONMENT = {
    **{key: value for key, value in os.environ.items() if key != "COLUMNS"},
    "PYTHONPATH": str(ROOT),
    "SOURCE_DATE_EPOCH": "1767612600",  # the same report, to the byte
    "OMP_NUM_THREADS": "1",
}
A_ROUND = 10  # kills
OLD = b"what was there before\n" * 1000
PATIENT = str(ROOT / "examples" / "snmmi_patient4.yaml")
PICTURES = ("limits", "timeline", "uncertainty", "curve-1-1", "scans-1")


@dataclasses.dataclass(frozen=True)
class Job:
    """A command in a folder of its own, the files that it writes, and how it is taken up again."""

    arguments: tuple[str, ...]
    outputs: tuple[str, ...]
    again: tuple[str, ...] = ()


JOBS = {
    "plan -o": Job(("plan", PATIENT, "--quiet", "-o", "plan.json"), ("plan.json",)),
    "plan --report": Job(
        ("plan", PATIENT, "--quiet", "--report", "plan.html", "--as-of", "2026-01-20"),
        ("plan.html",),
    ),
    "figures": Job(
        ("figures", PATIENT, "--quiet", "--out", "."), tuple(f"{name}.svg" for name in PICTURES)
    ),
    "selftest --report": Job(
        ("selftest", "--report", "selftest.html", "--as-of", "2026-01-20"), ("selftest.html",)
    ),
    "cohort": Job(
        ("cohort", "table.csv", "-o", "out.csv"),
        ("out.csv", "out.limits.csv", "out.csv.rejected.csv"),
        ("--resume",),
    ),
}


@dataclasses.dataclass
class Tally:
    """What became of the files of a job, and of the runs after."""

    kills: int = 0
    in_writing: int = 0  # runs killed while an unfinished file was there
    old: int = 0
    new: int = 0
    broken: int = 0
    later: int = 0  # runs after a kill
    differ: int = 0  # of these, with another result than that of a run left alone


def write_table(folder, patients):
    """Write a cohort of patients with one region, four scans each."""
    lines = [
        "patient_id,sex,cycle,administered [MBq],region,time [h],activity [MBq],mass [g],model"
    ]
    for number in range(patients):
        for hours in (4, 24, 72, 168):
            activity = (80 + number % 50) * 2 ** (-hours / (50 + number % 20))
            lines.append(f"P{number},female,1,7400,spleen,{hours},{activity:.6g},180,mono")
    (folder / "table.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def start(job, folder, *more):
    return subprocess.Popen(
        [*PROGRAM, *job.arguments, *more],
        cwd=folder,
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def state(folder):
    """Return what stands in a folder: every name with inode and size."""
    found = set()
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            try:
                facts = os.stat(os.path.join(place, name))
            except FileNotFoundError:
                continue
            found.add((place, name, facts.st_ino, facts.st_size))
    return found


def changes(process, folder, most):
    """Wait until a folder has changed so often, or the process has ended; return how often."""
    seen, count = state(folder), 0
    while process.poll() is None and count < most:
        time.sleep(0.0001)  # a processor is left to the program
        now = state(folder)
        count += now != seen
        seen = now
    return count


def unfinished(folder):
    """Return the files and folders that a run has left and that are no results."""
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


def whole_run(job, folder):
    """Let a job run to its end; return its files, its seconds, and the changes that it made."""
    begun = time.monotonic()
    process = start(job, folder)
    count = changes(process, folder, sys.maxsize)
    assert process.returncode == 0, f"{job.arguments} ended with {process.returncode}"
    assert unfinished(folder) == []
    whole = {name: (folder / name).read_bytes() for name in job.outputs}
    return whole, time.monotonic() - begun, count


def kill_once(job, folder, moment):
    """Start a job and kill it at a moment: seconds, or the number of a change in the folder."""
    process = start(job, folder)
    if isinstance(moment, float):
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(moment)
    else:
        changes(process, folder, moment)
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def assess(job, folder, before, whole, tally):
    """Count the files that are the old one, the new one, or neither."""
    for name in job.outputs:
        path = folder / name
        found = path.read_bytes() if path.exists() else None
        if found == before[name]:
            tally.old += 1
        elif found == whole[name]:
            tally.new += 1
        else:
            tally.broken += 1
    known = {*job.outputs, "table.csv"}
    strays = [path.name for path in folder.iterdir() if path.name not in known]
    tally.broken += sum(not name.startswith(".") for name in strays)


def run_later(job, folder, whole, tally, *more):
    """Let a later run go to its end among what a killed one has left, and compare."""
    left = set(unfinished(folder))
    code = start(job, folder, *more).wait()
    wrong = [] if code == 0 else [f"ended with {code}"]
    for name, content in whole.items():
        path = folder / name
        if not path.is_file() or path.read_bytes() != content:
            wrong.append(f"another {name}")
    for name in unfinished(folder):  # an unfinished file stays, a folder of parts is used up
        if name not in left or (folder / name).is_dir():
            wrong.append(f"leaves {name}")
    tally.later += 1
    tally.differ += bool(wrong)
    if wrong:
        print(f"{job.arguments} after {sorted(left)}: {', '.join(wrong)}", file=sys.stderr)


def kill_often(job, kills, seed, parent, patients=300):
    """Kill a job so often; return what came of it."""
    random_ = random.Random(seed)
    first = parent / "first"
    first.mkdir()
    write_table(first, patients)
    whole, seconds, count = whole_run(job, first)
    tally, tries = Tally(), 0
    folder = parent / "killed"
    while tally.kills < kills and tries < 3 * kills:
        tries += 1
        if not folder.exists():
            folder.mkdir()
            write_table(folder, patients)
        before = dict.fromkeys(job.outputs, OLD if random_.random() < 0.5 else None)
        for name, content in before.items():
            (folder / name).unlink(missing_ok=True)
            if content is not None:
                (folder / name).write_bytes(content)
        left = len(unfinished(folder))
        moment = random_.uniform(0, seconds) if tries % 2 else random_.randint(1, count)
        if not kill_once(job, folder, moment):
            continue  # it had ended
        tally.kills += 1
        tally.in_writing += len(unfinished(folder)) > left
        assess(job, folder, before, whole, tally)
        if job.again:  # from this very state, and the next kill begins anew
            run_later(job, folder, whole, tally, *job.again)
            shutil.rmtree(folder)
    if not job.again:  # once, among all that the kills have left
        run_later(job, folder, whole, tally)
    return tally


def rounds(name, count):
    """Kill a job in rounds, each in a folder of its own; return what came of all."""
    total = Tally()
    for number in range(count):
        with tempfile.TemporaryDirectory() as folder:
            found = kill_often(JOBS[name], A_ROUND, f"{name} {number}", Path(folder))
        for field in dataclasses.fields(Tally):
            setattr(total, field.name, getattr(total, field.name) + getattr(found, field.name))
    return total


def main(count=10, *names):
    print("| command | kills | within the writing | old kept | new whole | broken | later runs |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    bad = 0
    for name in names or JOBS:
        found = rounds(name, int(count))
        print(
            f"| `{name}` | {found.kills} | {found.in_writing} | {found.old} | {found.new} "
            f"| {found.broken} | {found.later}, {found.differ} differ |",
            flush=True,
        )
        bad += found.broken + found.differ
    sys.exit(bad > 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
