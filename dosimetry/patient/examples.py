"""Examples of the package: patient files and the measurement files they name."""

from __future__ import annotations

import functools
from pathlib import Path

from dosimetry.patient.read import read_patient
from dosimetry.patient.template import TEMPLATE
from dosimetry.problems import nearest, quote, refuse


@functools.cache
def folder() -> Path:
    """Return the folder of the examples: in the package of a wheel, beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "examples"
    return inside if inside.is_dir() else package.parent / "examples"


def names() -> tuple[str, ...]:
    """Return the names of the examples.

    Examples
    --------
    >>> "two_cycles" in names()
    True
    """
    return tuple(sorted(path.stem for path in folder().glob("*.yaml")))


def new_files(target: Path | None, example: str | None) -> dict[Path, bytes]:
    """Return the files that ``dosimetry init`` writes, with their content.

    Parameters
    ----------
    target : path or None
        Name of the patient file; without one, the example's own. Measurement files go beside it.
    example : str or None
        Name of an example; None for a file to fill in.

    Raises
    ------
    InputError
        No example has this name, or neither file nor example is named.

    Examples
    --------
    >>> [path.name for path in new_files(None, "psma_patient1")]
    ['psma_patient1.yaml', 'psma_patient1.csv']
    """
    if example is None:
        if target is None:
            raise refuse(
                "missing",
                "the name of the file to write is missing",
                "write dosimetry init patient.yaml, or --example NAME",
                "PATIENT",
            )
        return {target: TEMPLATE.encode()}
    if example not in names():
        known = f"examples: {', '.join(names())}"
        near = nearest(example, names())
        raise refuse(
            "unknown-example",
            f"{quote(example)} is not an example",
            f"{near}  ({known})" if near else known,
            "--example",
        )
    source = folder() / f"{example}.yaml"
    target = target or Path(source.name)
    named = [name for name in read_patient(source).input_hashes() if name != source.name]
    patient = {target: source.read_bytes()}
    return patient | {target.with_name(name): (folder() / name).read_bytes() for name in named}
