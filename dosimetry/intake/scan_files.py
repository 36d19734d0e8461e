"""The measurements of a cycle as CSV: one row for each region and time, units in the header."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from dosimetry.intake.cells import digits
from dosimetry.intake.column import MEASURED
from dosimetry.intake.context import Context
from dosimetry.intake.course import Cycle
from dosimetry.intake.mapping import BLOOD
from dosimetry.intake.moments import hours_between, written, zoned
from dosimetry.intake.records import Measured, Quantity
from dosimetry.intake.unit_texts import Unit
from dosimetry.problems import InputError, Problem
from dosimetry.units import HUNDRED_PERCENT, conversion

HOUR = Unit("h", "h")
ORDER = (*MEASURED, "sd", "volume", "volume sd", "recovery", "recovery sd")


def files_of(context: Context, number: int, cycle: Cycle) -> dict[str, str]:
    """Return the files of a cycle, by their names: scans, and blood samples.

    Activities and concentrations stand in files of their own: their sds have other units.
    """
    files = {name: scan_file(context, cycle, scans) for name, scans in parts_of(number, cycle)}
    _twice(context, cycle)
    if cycle.samples:
        files[blood_file(number)] = scan_file(context, cycle, cycle.samples)
    return files


def parts_of(number: int, cycle: Cycle) -> list[tuple[str, list[Measured]]]:
    """Return the scans of each file of measurements of a cycle, with its name."""
    activities = [scan for scan in cycle.scans if "concentration" not in scan.values]
    others = [scan for scan in cycle.scans if "concentration" in scan.values]
    if not activities or not others:
        return [(f"cycle{number}.csv", cycle.scans)] if cycle.scans else []
    return [
        (f"cycle{number}_activities.csv", activities),
        (f"cycle{number}_concentrations.csv", others),
    ]


def blood_file(number: int) -> str:
    """Return the name of the file of a cycle's blood samples."""
    return f"blood{number}.csv"


def scan_file(context: Context, cycle: Cycle, scans: Sequence[Measured]) -> str:
    """Return scans or samples of a cycle as the text of a CSV file.

    Numbers in the unit of their column are copied digit by digit. Hours between two moments, and
    numbers converted to the unit of their column, have twelve significant digits.
    """
    rows = [(scan, time) for scan in scans if (time := _time(context, cycle, scan)) is not None]
    times = {time.unit for _, time in rows}
    time_unit = times.pop() if len(times) == 1 else HOUR
    columns = [name for name in ORDER if any(name in scan.values for scan in scans)]
    units = {name: _unit_of(context, name, scans) for name in columns}
    blood = scans[0].region == BLOOD
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    header = [] if blood else ["region"]
    header.append(f"time [{time_unit.text if time_unit else 'h'}]")
    header += [f"{name} [{unit.text}]" if (unit := units[name]) else name for name in columns]
    writer.writerow(header)
    for scan, time in rows:
        cells = [] if blood else [scan.region]
        cells.append(_in(context, time, time_unit, scan))
        for name in columns:
            held = scan.values.get(name)
            cells.append("" if held is None else _in(context, held, units[name], scan))
        writer.writerow(cells)
    return out.getvalue()


def _time(context: Context, cycle: Cycle, scan: Measured) -> Quantity | None:
    """Return the time of a scan after the injection."""
    if scan.time.lapse is not None:
        return Quantity(scan.time.lapse.text, scan.time.lapse.unit or HOUR)
    if scan.time.moment is None or cycle.at is None:
        return None
    moment = zoned(context, scan.time.moment, scan.place)
    hours = hours_between(context, moment, cycle.at, scan.place)
    if hours is None:
        return None
    context.log.say(
        f"hours of {cycle.name}",
        f"{written(moment)} less {written(cycle.at)} is {digits(hours)} h",
    )
    return Quantity(digits(hours), HOUR)


def _twice(context: Context, cycle: Cycle) -> None:
    """Refuse a region that is measured twice at one time."""
    for scans in (cycle.scans, cycle.samples):
        seen: dict[tuple[str, float], Measured] = {}
        for scan in scans:
            time = _time(context, cycle, scan)
            if time is None:
                continue
            hours = float(_in(context, time, HOUR, scan) or 0)
            first = seen.setdefault((scan.region, hours), scan)
            if first is not scan:
                context.log.fail(
                    Problem(
                        "measured-twice",
                        f"{scan.region} at {hours:g} h is already given at {first.place}",
                        "keep one of the two, or check the cycle and the name of the region",
                        scan.place,
                    )
                )


def _unit_of(context: Context, name: str, scans: Sequence[Measured]) -> Unit | None:
    """Return the unit of a column: that of its first value."""
    units = [scan.values[name].unit for scan in scans if name in scan.values]
    first = units[0]
    others = {unit.text for unit in units if unit is not None and unit != first}
    if others and first is not None:
        context.log.say("units", f"{name} in {', '.join(sorted(others))} converted to {first.text}")
    return None if first is None or (first.kind == "%" and name == "recovery") else first


def _in(context: Context, quantity: Quantity, unit: Unit | None, scan: Measured) -> str:
    """Return a number in the unit of its column."""
    own = quantity.unit
    if own == unit or own is None:
        return quantity.text
    if unit is None:  # a recovery coefficient in percent
        return digits(quantity.value / HUNDRED_PERCENT)
    try:
        return digits(quantity.value * conversion(own.text, unit.text))
    except InputError:
        context.log.fail(
            Problem(
                "unit-differs",
                f"the value is in {own.text}, others of its cycle in {unit.text}",
                "give all values of a cycle in units of one kind",
                scan.place,
            )
        )
        return ""
