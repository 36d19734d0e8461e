"""Every input of the corpus is read or refused: fuzzing seeds, hand-made cases, regressions.

``make fuzz`` starts from these files; every input that ever failed stays here.
"""

import os
from pathlib import Path

import pytest
from fuzz import mutation, targets

from dosimetry import InputError, read_patient
from dosimetry.patient.measurements.read import read_measurements

pytestmark = pytest.mark.slow

CORPUS = Path(__file__).resolve().parent / "corpus"
INPUTS = sorted(path for path in CORPUS.glob("*/*"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Give the folder that the inputs stand in, with the files that they name."""
    made = tmp_path_factory.mktemp("inputs")
    targets.prepare(made)
    return made


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_input_is_read_or_refused(path, folder):
    targets.run(path.parent.name, path.read_bytes(), folder)


def test_every_target_has_accepted_and_refused_inputs(folder):
    """The harness can tell the two apart, so that it sees more than refusals."""
    for name in set(targets.TARGETS) - {"verify", "units"}:
        found = {targets.run(name, p.read_bytes(), folder) for p in (CORPUS / name).iterdir()}
        assert found == {True, False}, name


@pytest.mark.parametrize("name", ["pipe", "folder", "/dev/zero"])
def test_pipe_folder_or_device_is_refused_without_waiting(tmp_path, name):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for read in (lambda: read_measurements(name, tmp_path), lambda: read_patient(tmp_path / name)):
        with pytest.raises(InputError, match="no such file"):
            read()


PLAIN = (
    *("units/curie", "patient_yaml/start_at_the_last_day.yaml", "patient_json/scans.json"),
    *("measurements/plain.csv", "prior/plain.csv", "cohort/two_patients.csv"),
)


@pytest.mark.parametrize("path", PLAIN)
def test_mutation_depends_only_on_the_seed(path):
    name, data = path.partition("/")[0], (CORPUS / path).read_bytes()
    made = [mutation.mutate(name, data, seed, bytes) for seed in [*range(20)] * 2]
    assert made[:20] == made[20:]
    assert len(set(made)) > 5
