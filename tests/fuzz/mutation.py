"""Mutations that respect the structure of an input: values, keys, cells and rows.

The same seed gives the same mutation.
"""

import io
import json
import random
import re
import zipfile

import yaml

LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def _words(text):
    return text.strip("\n").replace("\n", "|").split("|")


KEYS = _words("""
patient|id|sex|age|weight|height|hematocrit|kidney_risk_factors|therapy|radiopharmaceutical
regimen|activity|cycles|interval|start|limits|region|quantity|limit|source|prior_doses
absorbed_dose|bed|marrow_to_blood_ratio|time_zone|infusion_time|masses|value|sd
effective_half_lives|administered|prepared|prepared_at|residual|residual_at|at|measurements
decay_corrected_to|systematic_uncertainty|models|blood|dose_coefficients|labs|reference_ranges
lower|upper|adverse_events|term|grade|time|concentration|volume|recovery|platelets|neutrophils
haemoglobin|creatinine|bilirubin|albumin|ast|alt|kidney_left|kidney_right|kidneys|liver|spleen
red_marrow|tumour_1|tumour_2|total_body|colon|remainder_of_body|patient_id|cycle|mass|model|file
Hb|PLT|ANC|WBC|T. bili|INR|GPT|hemoglobin|prothrombin_ratio|egfr|analyte|unit|lymphocytes|Quick
provenance|inputs|content|version|options|risk|strategy|severity|probability|curves|second_check
""")

VALUES = _words("""
male|female|64 year|18 year|80 kg|178 cm|0.41|netter-1|netter-2|177Lu-DOTATATE|177Lu-PSMA-617
7.4 GBq|7400 MBq|200 mCi|1 kBq|1e6 MBq|1e-3 MBq|7,4 GBq|7.4|8 week|1 d|730 d|0.5 h|4 h|24 h
1e4 h|1e-3 h|168 h|80 MBq|1e-9 MBq|0.5 %IA|300 kBq/mL|5 %|0 %|1000 %|1e-4 %|241 g|1e-3 g|5e5 g
2 Gy|0.31 Gy/GBq|12|2026-01-12|2026-03-09|2026-01-12T09:30:00+01:00|2026-01-12T09:30:00
2026-01-12T23:59:59-14:00|1900-01-01|0001-01-01T00:00:00+14:00|9999-12-31
9999-12-31T23:59:59-14:00|2026-02-30|Europe/Berlin|09:30|24:00|none|administration|mono|bi
uptake|bi-uptake|trapezoid|single-point|auto|one|plasma|absorbed dose|bed|212 1e9/L|0 1e9/L
20 1e9/L|1e-300 1e9/L|0.4 1e9/L|78 umol/L|400 umol/L|12.8 g/dL|128 g/L|41 g/L|nausea|3
kidneys-ad-23|kidneys-bed|red-marrow-ad-2|two_cycles_1.csv|psma_patient1.csv|.|/dev/zero
nothing.csv|0|hypertension|single_kidney|1|-1|-0|1e999|1e-320|nan|inf|NaN|null|true|''|~|0x10
1_000|٣|²|５|\xa05|1e308|4.9e-324|9007199254740993|MBq**9999|kg^1e9|h-1|1/h|%|%IA|rad|GBq|MBq*h
Gy/(MBq*h)|1e9/L|10^9/L|µBq|MBq|h|g|kBq/mL|[h]|[MBq]|[|]|;|,|"|\x00|\x1f|\ufeff|\u202e|\u2028
K/uL|10^3/uL|10*9/L|x10^9/L|×10⁹/L|G/L|Gpt/L|/mm3|cells/uL|10e9/L|10^99/L|ukat/L|IU/L|<0.2|>200
212 K/uL|3,9|1.499|1,499|01/02/2026|12.01.2026|5 ft 11 in|5'11|5.11 ft|62 mL/min/1.73m2|310 cm3|mbq
180 lb|71 in|60 y|M|w|d|1.1|110 %|212 H|n/a|MG/DL|2026-01-13T09:15|2026-01-13|9:15|24:00|13.30
administration|Administration|none|2026-01-13T09:15+01:00|-0.5|Lesion 1|Left Kidney|196.000
<<|*a|&a|!!int|?|- |{|}|=1+1|to-limit
""")

HEADERS = _words("""
region|time [h]|activity [MBq]|sd [MBq]|sd [%]|volume [mL]|recovery|time [d]|activity [%IA]
activity [GBq]|concentration [kBq/mL]|patient_id|sex|cycle|administered [MBq]|mass [g]|model
weight [kg]|regimen|file|at|analyte|value|unit|PLT [K/uL]|Hb [G/L]|ALT (GPT) [ukat/L]|INR|sep=;
platelets|creatinine [umol/L]|T. bili [mg/dL]|eGFR [mL/min/1.73m2]|sodium [mmol/L]|time
activity []|time [[h]]|time [h**9]|clock [h:min]|date|SUV|SUVbw [g/mL]|volume sd [%]|recovery sd
decay_corrected_to|note|activity [%IA/g]|concentration [kBq/g]|Time (h)|VOLUME_SD [mL]|sep=|
""")

PRIOR_HEADERS = _words("""
region|mean [Gy/GBq]|sd [Gy/GBq]|n|mean [mGy/MBq]|sd [cGy/mCi]|mean [Gy]|mean [Gy/(MBq*h)]|mean
sd|sd [%]|median [Gy/GBq]|n [1]|source|mean []|mean [[Gy/GBq]]|mean [Gy/GBq**9]
""")

JSON_VALUES = (float("inf"), float("nan"), 10**400, -0.0, 1e308, 5e-324, 0, -1, True, None, 7.4)


def mutate(name: str, data: bytes, seed: int, plain) -> bytes:
    """Return a mutation of an input of a target; ``plain`` is the mutation that knows no form."""
    rng = random.Random(seed)
    if rng.random() < 0.2:
        return plain(data)
    try:
        text = data.decode("utf-8", "surrogateescape")
        return FORMS[name](text, rng).encode("utf-8", "surrogateescape")
    except (ValueError, RecursionError, yaml.YAMLError):  # it has lost its form already
        return plain(data)


def _value(rng):
    return rng.choice(VALUES)


def mutate_text(text: str, rng: random.Random) -> str:
    """Exchange a word for a value, its number for another, or add a value."""
    words = text.split(" ")
    at = rng.randrange(len(words))
    change = rng.randrange(4)
    if change == 0:
        words[at] = _value(rng)
    elif change == 1:
        words.insert(at, _value(rng))
    elif change == 2:
        return f"{_number(rng)} {words[-1]}"
    else:
        return f"{text}{rng.choice('*/·^; ')}{_value(rng)}"
    return " ".join(words)


def _number(rng):
    digits = rng.choice((1, 2, 3, 17, 400))
    mantissa = "".join(rng.choice("0123456789") for _ in range(digits))
    return rng.choice(
        (mantissa, f"{rng.uniform(-10, 1e4):.6g}", f"{mantissa}e{rng.randint(-330, 330)}")
    )


def mutate_yaml(text: str, rng: random.Random) -> str:
    """Exchange, add, move or remove entries of a YAML document."""
    tree = yaml.load(text, Loader=LOADER)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        tree = _mutate_tree(tree, rng, _value)
    return yaml.dump(
        tree,
        Dumper=DUMPER,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=rng.choice((None, False, True)),
    )


def mutate_json(text: str, rng: random.Random) -> str:
    """Exchange, add, move or remove entries of a JSON document."""
    tree = json.loads(text)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        tree = _mutate_tree(
            tree, rng, lambda rng: rng.choice(JSON_VALUES) if rng.random() < 0.3 else _value(rng)
        )
    return json.dumps(tree, ensure_ascii=rng.random() < 0.5)


def _places(tree, found):
    entries = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, inner in entries:
        found.append((tree, key))
        if isinstance(inner, dict | list):
            _places(inner, found)
    return found


def _mutate_tree(tree, rng, value):
    if not isinstance(tree, dict | list) or not (places := _places(tree, [])):
        return {rng.choice(KEYS): value(rng)}
    holder, key = rng.choice(places)
    change = rng.choice((0, 1, 1, 1, 2, 3, 4, 5))
    if change == 0:
        holder[key] = value(rng)
    elif change == 1:
        holder[key] = _scaled(holder[key], rng)
    elif change == 2:
        del holder[key]
    elif change == 3:
        other, at = rng.choice(places)
        holder[key] = json.loads(
            json.dumps(other.get(at) if isinstance(other, dict) else other[at])
        )
    elif isinstance(holder, dict):
        name = rng.choice(KEYS)
        holder[name] = holder.pop(key) if change == 4 else value(rng)
    else:
        holder.insert(key, holder[key] if change == 4 else {rng.choice(KEYS): value(rng)})
    return tree


def _scaled(leaf, rng):
    """Exchange the number of a quantity, mostly for one that is near, and keep its unit."""
    if not isinstance(leaf, str):
        return rng.choice((leaf, [leaf], {"value": leaf, "sd": "5 %"}))
    number, *unit = leaf.split(" ")
    try:
        near = f"{float(number) * rng.lognormvariate(0, 0.3):.4g}"
    except ValueError:
        return leaf
    return " ".join((near if rng.random() < 0.8 else _number(rng), *unit))


def mutate_prior(text: str, rng: random.Random) -> str:
    """Mutate a clinic's table of doses per activity."""
    return mutate_csv(text, rng, PRIOR_HEADERS)


def mutate_csv(text: str, rng: random.Random, headers=HEADERS) -> str:
    """Exchange, add, move or remove cells and rows of a table."""
    end = rng.choice(("\n", "\n", "\n", "\r\n", "\r"))
    separator = next((sign for sign in "\t;" if sign in text[:200]), ",")
    rows = [line.split(separator) for line in text.splitlines()] or [[""]]
    for _ in range(rng.choice((1, 1, 2, 4))):
        at = rng.randrange(len(rows))
        row = rows[at] or [""]
        column = rng.randrange(len(row))
        change = rng.randrange(8)
        if at == 0 and change < 4:
            row[column] = rng.choice(headers)
        elif change == 0:
            row[column] = rng.choice((_value(rng), rng.choice(KEYS)))
        elif change < 4:
            row[column] = _scaled(row[column], rng)
        elif change == 4:
            row.insert(column, row[column])
        elif change == 5:
            del row[column]
        elif change == 6:
            rows.insert(at, list(rng.choice(rows)))
        elif len(rows) > 1:
            del rows[at]
    return end.join(separator.join(row) for row in rows) + end


CELL_WORDS = _words("""
Region|ROI|Organ|Time [h]|Time|Date|Uhrzeit|Date and time|Activity [MBq]|Activity|Conc. [Bq/ml]
Mean|Volume (ml)|SD [%]|SD|Recovery|Recovery factor|Std|Cycle|Cycle 2|C1|Patient ID|Patient|Sex
Injection|Injected activity [MBq]|Residual activity [MBq]|Date of birth|Weight [kg]|Platelets
[10^9/L]|Hb [g/dL]|Parameter|Value|Unit|Left kidney|Kidney|Heart|Blood|Lesion 1|Tumour_1|liver
L3|Sum|n/a|-|1.234|1,234|80,5|80 kBq|01/02/2026|12.01.26|13.01.2026 9:30|9:30|24 h|4 h p.i.
2026-01-12T09:30:00Z|MBq|mbq|[h]|%|%ID|SUV|cps|=1+1|1e99|-5|0|
""")
STORED = re.compile(r"(<v>|<t>)([^<]*)(</)")
ATTRIBUTE = re.compile(r'( [a-zA-Z:]+=")([^"]*)(")')


def mutate_workbook(text: str, rng: random.Random) -> str:
    """Exchange texts, numbers and attributes of a workbook's parts; a table of text as CSV."""
    raw = text.encode("utf-8", "surrogateescape")
    if not raw.startswith(b"PK"):
        return _mutate_sheet_of_text(text, rng)
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
    except Exception as error:  # no longer an archive
        raise ValueError from error
    if not parts:
        raise ValueError("an archive without parts")
    sheets = [name for name in parts if "sheet" in name or "Strings" in name]
    for _ in range(rng.choice((1, 1, 2, 4, 8))):
        name = rng.choice(sheets if sheets and rng.random() < 0.85 else [*parts])
        part = parts[name].decode("utf-8", "surrogateescape")
        parts[name] = _mutate_part(part, rng).encode("utf-8", "surrogateescape")
    if rng.random() < 0.03:
        del parts[rng.choice([*parts])]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(zipfile.ZipInfo(name), part, zipfile.ZIP_DEFLATED)
    return out.getvalue().decode("utf-8", "surrogateescape")


def _mutate_part(part, rng):
    """Exchange a stored text or number, an attribute, or an element of a part."""
    pattern = STORED if rng.random() < 0.7 else ATTRIBUTE
    found = list(pattern.finditer(part))
    if not found:
        return part
    one = rng.choice(found)
    change = rng.randrange(6)
    if change == 0:
        other = rng.choice(found)
        new = other[2]
    elif change == 1:
        new = _scaled(one[2], rng) if pattern is STORED else rng.choice(("0", "1", "99999999"))
    elif change == 2:
        new = f"{rng.uniform(0, 60000):.6g}"
    else:
        new = rng.choice(CELL_WORDS).replace("<", "&lt;")
    new = f"{new}".replace('"', "")
    return part[: one.start(2)] + new + part[one.end(2) :]


def _mutate_sheet_of_text(text, rng):
    """Exchange cells of a table of text."""
    separator = next((sign for sign in "\t;," if sign in text), ",")
    rows = [line.split(separator) for line in text.splitlines()] or [[""]]
    for _ in range(rng.choice((1, 2, 4))):
        row = rng.choice(rows) or [""]
        row[rng.randrange(len(row))] = rng.choice(CELL_WORDS)
    if rng.random() < 0.3:
        rows.insert(rng.randrange(len(rows)), list(rng.choice(rows)))
    return "\n".join(separator.join(row) for row in rows) + "\n"


FORMS = {
    "units": mutate_text,
    "patient_yaml": mutate_yaml,
    "patient_json": mutate_json,
    "measurements": mutate_csv,
    "labs": mutate_csv,
    "prior": mutate_prior,
    "cohort": mutate_csv,
    "verify": mutate_json,
    "workbook": mutate_workbook,
}
