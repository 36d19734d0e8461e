"""A patient: the sections of a patient file, read and checked together."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, PrivateAttr, ValidationError
from pydantic.fields import FieldInfo

from dosimetry.patient.checks.whole_file import inconsistencies
from dosimetry.patient.content import differing, frozen, plain
from dosimetry.patient.measurements.scan import Measurements
from dosimetry.patient.prior import ClinicPrior, read_prior
from dosimetry.patient.replacing import replaced_in
from dosimetry.patient.schema import ESTIMATORS, PatientFile
from dosimetry.patient.written import written
from dosimetry.problems import InputError, Problem, nearest, quote, refuse


class Patient(PatientFile):
    """A patient, the therapy, and what was delivered and measured so far.

    Read one with :func:`dosimetry.read_patient` or :meth:`from_dict`.

    Attributes
    ----------
    person : Person
        ``patient`` in a patient file.
    therapy : Therapy
    masses : dict of str to Estimate
        By region, in g.
    effective_half_lives : dict of str to Estimate
        By region, in h.
    sites : dict of str to str
        Organ that each tumour lies in.
    cycles : list of Cycle
        Delivered ones, oldest first.
    labs : list of LabDraw
    reference_ranges : dict of str to Range
        By analyte.
    adverse_events : list of AdverseEvent

    Examples
    --------
    >>> patient = Patient.from_dict({
    ...     "patient": {"id": "EX-1", "sex": "male"}, "therapy": {"regimen": "netter-1"}
    ... })
    >>> patient.therapy.regimen.cycles
    4
    """

    _source: str = PrivateAttr(default="")
    _sha256: str = PrivateAttr(default="")
    _base: Path | None = PrivateAttr(default=Path())
    _read: Any = PrivateAttr(default=None)

    @property
    def source(self) -> str:
        """Name of the patient file; empty where there was none."""
        return self._source

    def input_hashes(self) -> dict[str, str]:
        """Return the SHA-256 of every input file, by its name."""
        hashes = {self._source: self._sha256} if self._source else {}
        for cycle in self.cycles:
            for measured in (cycle.measurements, cycle.blood):
                hashes |= {file.name: file.sha256 for file in measured.files}
        hashes |= {draw.file: draw.sha256 for draw in self.labs if draw.file}
        if isinstance(self.therapy.prior, ClinicPrior):
            hashes[self.therapy.prior.file] = self.therapy.prior.sha256
        return hashes

    @classmethod
    def from_dict(
        cls,
        data: Mapping[str, Any],
        base: str | Path | None = ".",
        *,
        source: str = "",
        sha256: str = "",
    ) -> Patient:
        """Read a patient from plain data.

        Parameters
        ----------
        data : mapping
            As the patient file; quantities as text or as pint quantities, measurements and labs as
            a file name, a list or a pandas DataFrame.
        base : path or None
            Folder that file names are relative to; None refuses every file name, as is right for
            data of strangers.
        source, sha256 : str
            Name and hash of the file the data came from, for messages and provenance.

        Returns
        -------
        Patient

        Raises
        ------
        InputError
            With every problem, each with its place.
        """
        if not isinstance(data, Mapping):
            raise refuse(
                "wrong-type",
                f"{quote(data)} is not a mapping",
                "give the content of a patient file; dosimetry.read_patient reads a file",
                "data",
            )
        if base is not None and not isinstance(base, str | os.PathLike):
            raise refuse("wrong-type", f"{quote(base)} is not a folder", "give its path", "base")
        folder = None if base is None else Path(base)
        patient = cls._checked(data, folder, f"{source}: " if source else "")
        patient._source, patient._sha256 = source, sha256
        patient._base, patient._read = folder, frozen(plain(patient))
        return patient

    @classmethod
    def _checked(cls, data: Mapping[str, Any], base: Path | None, prefix: str) -> Patient:
        """Return the patient of some data, after checks of the fields one by one and together."""
        try:
            patient = cls.model_validate(data, context={"folder": base})
        except ValidationError as error:
            problems = problems_of(error, cls)
        else:
            problems = inconsistencies(patient)
        # Raised outside of the except block: a ValidationError as its context would never be freed.
        if problems:
            raise InputError(problem.at(prefix) for problem in problems)
        return patient

    def replaced(self) -> tuple[Patient, tuple[str, ...]]:
        """Return the patient as it is now, and the fields changed since it was read.

        A patient changed in memory (``model_copy``, an entry of a mapping) is read and checked
        again, so that every plan rests on checked data.

        Returns
        -------
        patient : Patient
        fields : tuple of str
            As in ``masses.kidneys``; empty without changes.

        Raises
        ------
        InputError
            The changed patient is not valid.

        Examples
        --------
        >>> read = Patient.from_dict({
        ...     "patient": {"id": "EX-1", "sex": "male"}, "therapy": {"regimen": "netter-1"}
        ... })
        >>> other = read.model_copy(update={"masses": {"liver": "1700 g"}})
        >>> read.replaced()[1], other.replaced()[1]
        ((), ('masses.liver',))
        """
        now = plain(self)
        if self._read is not None and frozen(now) == self._read:
            return self, tuple(_changed_scans(self))
        fresh = self._again(now)
        scans = tuple(_changed_scans(fresh))
        if self._read is None:  # made without from_dict: nothing to compare with
            return fresh, scans
        fields = (*differing(self._read, frozen(plain(fresh))), *scans)
        return fresh, tuple(dict.fromkeys(fields))

    def _again(self, content: Mapping[str, Any]) -> Patient:
        """Return the patient of another content, which keeps what was read first."""
        fresh = self._checked(content, self._base, "")
        fresh._source, fresh._sha256 = self._source, self._sha256
        fresh._base, fresh._read = self._base, self._read
        return fresh

    def with_prior(self, prior: str | None) -> Patient:
        """Return the patient with the prior that an option of a plan asks for.

        Parameters
        ----------
        prior : str or None
            As ``therapy.prior`` of a patient file; None for the patient's own.

        Returns
        -------
        Patient
            The option belongs to the plan, so this is not a change of the patient in memory.

        Raises
        ------
        InputError
            Not a prior.
        """
        if prior is None:
            return self
        try:
            read = read_prior(prior, self._base)
        except InputError as error:
            raise error.at("prior") from None
        return self._with_therapy({"prior": read})

    def _with_therapy(self, update: Mapping[str, Any]) -> Patient:
        therapy = self.therapy.model_copy(update=update)
        other = self.model_copy(update={"therapy": therapy})
        other._read = frozen(plain(other))
        return other

    def with_estimator(self, estimator: str | None) -> Patient:
        """Return the patient with the estimator that an option of a plan asks for.

        Parameters
        ----------
        estimator : str or None
            As ``therapy.estimator`` of a patient file; None for the patient's own.

        Returns
        -------
        Patient
            As :meth:`with_prior` does.

        Raises
        ------
        InputError
            Not an estimator.
        """
        if estimator is None:
            return self
        if estimator not in ESTIMATORS:
            raise refuse(
                "unknown-estimator",
                f"estimator {quote(estimator)} is not known",
                f"write one of {', '.join(ESTIMATORS)}",
                "estimator",
            )
        return self._with_therapy({"estimator": estimator})

    def replace(self, changes: Mapping[str, Any] | None = None, /, **fields: Any) -> Patient:
        """Return the patient with some fields replaced, read and checked again.

        Parameters
        ----------
        changes, **fields : mapping of str to value
            By the field's place in a patient file: ``{"masses.kidneys": "300 g"}``,
            ``{"cycles[0].administered": "7.1 GBq"}``; or nested, ``masses={"kidneys": "300 g"}``,
            which is merged into the existing mapping. A list is replaced as a whole; None removes
            a field. Values as :meth:`from_dict` takes them.

        Returns
        -------
        Patient
            A new patient. Its plan names the fields in ``provenance.replaced``, beside the hashes
            of the files.

        Raises
        ------
        InputError
            What :meth:`from_dict` refuses, or a place that does not exist.

        Examples
        --------
        >>> read = Patient.from_dict({
        ...     "patient": {"id": "EX-1", "sex": "male"}, "therapy": {"regimen": "netter-1"}
        ... })
        >>> other = read.replace({"masses.liver": "1700 g"}, patient={"age": "70 year"})
        >>> other.masses["liver"].value, other.person.age.value, other.replaced()[1]
        (1700.0, 70.0, ('patient.age', 'masses.liver'))
        """
        if changes is not None and not isinstance(changes, Mapping):
            raise refuse(
                "wrong-type",
                f"{quote(changes)} is not a mapping",
                "give the fields to replace by their places, as in {'masses.kidneys': '300 g'}",
                "replace",
            )
        return self._again(replaced_in(plain(self), {**(changes or {}), **fields}))

    def to_dict(self) -> dict[str, Any]:
        """Return the patient as plain data, which :meth:`from_dict` reads again.

        Returns
        -------
        dict
            As a patient file: quantities as text with their units, dates as text, measurements
            inline. Defaults are left out. JSON and YAML can hold it.

        Examples
        --------
        >>> read = Patient.from_dict({
        ...     "patient": {"id": "EX-1", "sex": "male", "age": "64 year"},
        ...     "therapy": {"regimen": "netter-1"},
        ... })
        >>> read.to_dict()  # doctest: +NORMALIZE_WHITESPACE
        {'patient': {'id': 'EX-1', 'sex': 'male', 'age': '64.0 year'},
         'therapy': {'regimen': 'netter-1'}}
        """
        content: dict[str, Any] = written(self)
        return content

    def __repr__(self) -> str:
        regimen, count = self.therapy.regimen, len(self.cycles)
        name = getattr(regimen, "id", "own regimen")
        delivered = f"{count} cycle{'' if count == 1 else 's'} delivered"
        return (
            f"<Patient {self.person.id}: {self.therapy.radiopharmaceutical}, {name}, {delivered}>"
        )

    def __str__(self) -> str:
        return repr(self)


def _changed_scans(patient: Patient) -> Iterator[str]:
    """Yield the measurements whose scans differ from those of their file."""
    for i, cycle in enumerate(patient.cycles):
        for name in ("measurements", "blood"):
            measured: Measurements = getattr(cycle, name)
            if measured.changed():
                yield f"cycles[{i}].{name}"


def problems_of(error: ValidationError, model: type[BaseModel], outer: str = "") -> list[Problem]:
    """Return pydantic's errors as problems with place and cure."""
    problems: list[Problem] = []
    for entry in error.errors(include_url=False):
        place = outer
        for part in entry["loc"]:
            step = f"[{part}]" if isinstance(part, int) else str(part)
            place = f"{place}{step}" if step.startswith("[") or not place else f"{place}.{step}"
        cause = entry.get("ctx", {}).get("error")
        if isinstance(cause, InputError):
            problems += cause.at(place).problems
            for key, nested in getattr(cause, "nested", ()):
                section = _section_at(model, entry["loc"])
                problems += problems_of(nested, section, f"{place}.{key}")
        else:
            problems.append(_plain_problem(entry, model).at(place))
    return problems


def _plain_problem(entry: Any, model: type[BaseModel]) -> Problem:
    kind, value = entry["type"], entry["input"]
    if kind == "missing":
        return Problem("missing", "is missing", "add it")
    if kind == "extra_forbidden":
        key = str(entry["loc"][-1])
        known = _keys_of(_section_at(model, entry["loc"][:-1]))
        near = nearest(key, known)
        return Problem(
            "unknown-key",
            f"key {quote(key)} is not known",
            f"{near}  (known: {', '.join(known)})" if near else f"known: {', '.join(known)}",
        )
    if kind == "list_type":
        return Problem("wrong-type", f"{quote(value)} is not a list", "write a list: [ ... ]")
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return Problem(
            "wrong-type", f"{quote(value)} is not a mapping", "write key: value below it"
        )
    return Problem("wrong-type", f"{quote(value)}: {entry['msg']}", "see dosimetry schema patient")


def _section_at(model: type[BaseModel], loc: Sequence[int | str]) -> type[BaseModel]:
    """Return the section at a place of the file, from the types of the fields on the way."""
    for key in loc:
        if isinstance(key, str):  # a number counts within a list
            model = next(_sections_in(_keys_of(model)[key].annotation))
    return model


def _sections_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the sections that a field's type is made of, as in ``list[Cycle] | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _sections_in(part)


def _keys_of(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the fields of a section by their keys in a file."""
    return {info.alias or name: info for name, info in model.model_fields.items()}
