"""Fuzz the readers: run mutated inputs for each target and print a table of the outcomes.

``make fuzz``; one target alone: ``python tests/fuzz/run.py units``. Needs the extra ``fuzz``.
"""

import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import traceback
import zlib
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT / "tests" / "corpus"
FAILED = ROOT / "fuzz-failures"
SEED = 20261126
LONGEST = 5  # s of processor time for one input
HANGS = 20  # s by the clock, after which a process is stopped
MOST_MEMORY = 500  # MB
# Of each target: rounds, each from the corpus anew and with a seed of its own; inputs of a round;
# the longest of them in bytes; of how many that are read one is planned.
BUDGET = {
    "units": (2, 60_000, 256, 1),
    "patient_yaml": (3, 8_000, 8_192, 16),
    "patient_json": (3, 8_000, 8_192, 16),
    "measurements": (3, 6_000, 4_096, 16),
    "labs": (2, 5_000, 4_096, 16),
    "prior": (2, 5_000, 2_048, 16),
    "cohort": (2, 5_000, 4_096, 1),
    "verify": (2, 2_000, 65_536, 8),
    "workbook": (2, 10_000, 16_384, 2),
}
IN_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # each input is a file
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}


class Tally:
    """Counts what came of the inputs of a target, and stops when there were enough."""

    def __init__(self, name, folder, seeds, answer):
        self.name, self.folder, self.answer = name, folder, answer
        _, self.inputs, _, self.every = BUDGET[name]
        self.left = self.inputs + seeds
        self.started = time.perf_counter()
        self.read, self.slowest, self.failures = 0, 0.0, {}

    def __call__(self, data):
        """Run one input; what fails is kept as a file and the run goes on."""
        from targets import run

        began = time.process_time()
        try:
            self.read += run(self.name, data, self.folder, zlib.crc32(data) % self.every == 0)
            taken = time.process_time() - began
            self.slowest = max(self.slowest, taken)
            assert taken < LONGEST, f"{taken:.1f} s"
        except Exception as error:
            self.keep(data, error)
        self.left -= 1
        if not self.left:
            self.end()

    def keep(self, data, error):
        """Write the first input of each kind of failure to a file."""
        last = traceback.extract_tb(error.__traceback__)[-1]
        kind = f"{type(error).__name__} {Path(last.filename).name}:{last.lineno}"
        if kind not in self.failures:
            name = f"{self.name}-{hashlib.sha256(data).hexdigest()[:12]}"
            (FAILED / name).write_bytes(data)
            print(
                f"{kind}: {error} ({name})\n{traceback.format_exc()}", file=sys.stderr, flush=True
            )
        self.failures[kind] = self.failures.get(kind, 0) + 1

    def end(self):
        """Write down what came of it, and leave: the fuzzer itself would go on."""
        self.answer.write_text(
            json.dumps(
                {
                    "inputs": self.inputs,
                    "read": self.read,
                    "seconds": time.perf_counter() - self.started,
                    "slowest": self.slowest,
                    "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                    "failures": sum(self.failures.values()),
                }
            )
        )
        os._exit(0)


def seeds(name):
    """Return the inputs that a target begins with: its corpus, and the examples as they are now."""
    examples = ROOT / "examples"
    found = [path.read_bytes() for path in sorted((CORPUS / name).iterdir())]
    if name.startswith("patient"):
        texts = [path.read_bytes() for path in sorted(examples.glob("*.yaml"))]
        if name == "patient_json":
            texts = [json.dumps(yaml.load(text, yaml.BaseLoader)).encode() for text in texts]
        found += texts
    elif name == "measurements":
        found += [path.read_bytes() for path in sorted(examples.glob("*.csv"))]
    elif name == "verify":
        import dosimetry

        patient = dosimetry.read_patient(examples / "not_eligible.yaml")
        found.append(dosimetry.plan(patient).to_json().encode())
    return found


def fuzz(name, number, answer):
    """Fuzz one target for one round in this process."""
    import atheris

    sys.path.insert(0, str(Path(__file__).parent))
    # not the physics: it is given what was read, and its kernels are compiled
    with atheris.instrument_imports(include=["dosimetry"], exclude=["dosimetry.physics"]):
        import targets
    import mutation

    sys.setswitchinterval(60)
    folder = Path(tempfile.mkdtemp())
    for part in ("seeds", "found", "inputs"):
        (folder / part).mkdir()
    targets.prepare(folder / "inputs")
    given = seeds(name)
    for i, data in enumerate(given):
        (folder / "seeds" / f"{i:04d}").write_bytes(data)
    (folder / "words").write_text(
        dictionary(mutation.KEYS + mutation.VALUES + mutation.HEADERS + mutation.PRIOR_HEADERS)
    )
    longest = BUDGET[name][2]
    options = {
        "seed": SEED + number,
        "max_len": longest,
        "timeout": HANGS,
        "rss_limit_mb": MOST_MEMORY,
        "dict": folder / "words",
        "artifact_prefix": f"{FAILED}/{name}-",
        "print_final_stats": 0,
        "verbosity": 0,
    }

    good = [data for data in given if targets.run(name, data, folder / "inputs")]

    def mutate(data, size, seed):
        if seed % 2:  # what was found so far is refused early, most of it: begin anew as often
            data = good[seed // 2 % len(good)]
        return mutation.mutate(name, data, seed, lambda text: atheris.Mutate(text, size))[:size]

    atheris.Setup(
        [
            *(name, *(f"-{key}={value}" for key, value in options.items())),
            *(str(folder / "found"), str(folder / "seeds")),
        ],
        Tally(name, folder / "inputs", len(given) + 1, answer),
        custom_mutator=mutate,
    )
    atheris.Fuzz()


def dictionary(words):
    """Return the words in the form of a dictionary of libFuzzer."""
    quoted = ("".join(f"\\x{byte:02x}" for byte in word.encode()) for word in dict.fromkeys(words))
    return "".join(f'"{word}"\n' for word in quoted if word)


def one_round(name, number):
    """Fuzz one target for one round in a process of its own; None where that was stopped."""
    FAILED.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as scratch:
        answer = Path(scratch) / "answer.json"
        with (FAILED / f"{name}-{number}.log").open("wb") as log:
            subprocess.run(
                [sys.executable, __file__, "--one", name, str(number), answer],
                cwd=ROOT,
                env={**os.environ, "PYTHONHASHSEED": "0", "TMPDIR": scratch, **ONE_THREAD},
                stderr=log,
                check=False,
            )
        return json.loads(answer.read_text()) if answer.exists() else None


def row(name, told):
    """Return the line of the table on the rounds of a target."""
    done = [one for one in told if one is not None]
    if not done:
        return f"| {name} | stopped in every round: too slow, or too much memory |"
    inputs, read, seconds, failures = (
        sum(one[key] for one in done) for key in ("inputs", "read", "seconds", "failures")
    )
    slowest, memory = (max(one[key] for one in done) for key in ("slowest", "memory"))
    return (
        f"| {name} | {inputs:,} | {read:,} | {seconds:.0f} | {slowest:.2f} s | {memory:.0f} MB "
        f"| {failures + len(told) - len(done)} |"
    )


def main(names):
    """Fuzz each target, and print the table."""
    print("| target | inputs | read well | seconds | slowest input | peak memory | failures |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    good = True
    for name in names or BUDGET:
        told = [one_round(name, number) for number in range(BUDGET[name][0])]
        print(row(name, told), flush=True)
        good = good and all(one is not None and not one["failures"] for one in told)
    return 0 if good else f"see {FAILED}"


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        fuzz(sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))
    sys.exit(main(sys.argv[1:]))
