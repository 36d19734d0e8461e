"""The patient file: accepted and refused parts of YAML and JSON."""

import gc
import json
import time

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import dosimetry
from dosimetry import InputError
from dosimetry.patient.read import read_json, read_yaml

PATIENT = "patient: {id: T-1, sex: male}\ntherapy: {regimen: netter-1}\n"
DOCUMENT = {"patient": {"id": "T-1", "sex": "male"}, "therapy": {"regimen": "netter-1"}}


def read(folder, content, name="p.yaml"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return dosimetry.read_patient(path)


def refused(folder, content, name="p.yaml"):
    with pytest.raises(InputError) as caught:
        read(folder, content, name)
    (problem,) = caught.value.problems
    assert problem.message
    assert problem.cure
    return problem


# YAML: what is read.


@pytest.mark.parametrize(
    "written",
    [
        "0012",
        "12:30",
        "1e3",
        "0x1F",
        "2026-01-12",
        "yes",
        "no",
        "null",
        "~",
        "1_000",
        ".inf",
        "1.0",
    ],
)
def test_every_scalar_is_read_as_text(tmp_path, written):
    assert read(tmp_path, PATIENT.replace("T-1", written)).person.id == written
    assert read_yaml(f"key: {written}", "p.yaml") == {"key": written}


@pytest.mark.parametrize("written", ["'12 # 3'", '"12 # 3"'])
def test_quotes_are_not_part_of_the_text(written):
    assert read_yaml(f"id: {written}", "p.yaml") == {"id": "12 # 3"}


@pytest.mark.parametrize(
    "content",
    [
        PATIENT.encode(),
        PATIENT.encode("utf-8-sig"),
        PATIENT.replace("\n", "\r\n").encode(),
        PATIENT.rstrip("\n").encode(),
        f"%YAML 1.2\n---\n# a comment\n{PATIENT}...\n".encode(),
        b"patient:\n  id: T-1\n  sex: male\ntherapy:\n  regimen: netter-1\n",
    ],
    ids=["LF", "byte order mark", "CRLF", "no newline at the end", "one document", "block style"],
)
def test_the_same_file_in_other_bytes_is_the_same_patient(tmp_path, content):
    patient = read(tmp_path, content)
    assert (patient.person.id, patient.person.sex) == ("T-1", "male")
    assert patient.therapy.regimen.id == "netter-1"


def test_text_beyond_ascii_is_read_as_utf_8(tmp_path):
    assert read(tmp_path, PATIENT.replace("T-1", "Ä-µ-7")).person.id == "Ä-µ-7"


def test_nesting_down_to_twenty_is_read_and_deeper_is_refused(tmp_path):
    assert read_yaml(f"a: {'[' * 18}b{']' * 18}", "p.yaml")  # mapping, 18 lists, text: 20 levels
    problem = refused(tmp_path, f"a: {'[' * 19}b{']' * 19}")
    assert (problem.code, problem.place) == ("not-plain-yaml", "p.yaml:1: file")
    assert "20" in problem.message


# YAML: what is refused, with the line and words of the message.
YAML_REFUSED = {
    "duplicate keys": (
        f"{PATIENT}\ntherapy: {{}}\n",
        4,
        "not-plain-yaml",
        "line 2 and again in line 4",
    ),
    "duplicate keys further in": (
        "patient:\n  id: A\n  sex: male\n  id: B\n",
        4,
        "not-plain-yaml",
        "'id' is in line 2 and again in line 4",
    ),
    "an anchor": ("a: &x 1\n", 1, "not-plain-yaml", "anchors and aliases"),
    "an anchor of a mapping": ("a: &x {b: 1}\n", 1, "not-plain-yaml", "anchors and aliases"),
    "an anchor of a key": ("&x a: 1\n", 1, "not-plain-yaml", "anchors and aliases"),
    "an alias": ("a: 1\nb: *x\n", 2, "not-plain-yaml", "anchors and aliases"),
    "a tag": ("a:\n  !!str 12\n", 2, "not-plain-yaml", "tag"),
    "a tag of Python": ("a: !!python/object/apply:os.getcwd []\n", 1, "not-plain-yaml", "tag"),
    "a tag of one's own": ("a: !x {b: 1}\n", 1, "not-plain-yaml", "'!x'"),
    "a second document": (f"{PATIENT}---\n{PATIENT}", 3, "not-plain-yaml", "second document"),
    "a key without value": (f"{PATIENT}masses:\n", 3, "not-plain-yaml", "no value"),
    "an entry without value": (f"{PATIENT}cycles:\n  -\n", 4, "not-plain-yaml", "no value"),
    "a list as key": ("? [a, b]\n: c\n", 1, "not-plain-yaml", "key"),
    "a mapping as key": ("{a: b}: c\n", 1, "not-plain-yaml", "key"),
    "900 brackets": ("a: " + "[" * 900, 1, "not-plain-yaml", "deeper than 20"),
    "a tabulator": ("a:\n\tb: c\n", 2, "not-yaml", "cannot start any token"),
    "an open quote": ('a: "b\n', 2, "not-yaml", "end of stream"),
    "an open bracket": ("a: [b\n", 2, "not-yaml", "']'"),
    "two colons": ("a: b: c\n", 1, "not-yaml", "mapping values"),
}


def test_yaml_nested_ten_thousand_deep_is_refused_with_its_line(tmp_path):
    # from 1,000 on PyYAML 6.0.4 refuses it, in its own words; before that version we do
    problem = refused(tmp_path, "a: " + "[" * 10_000)
    assert problem.place == "p.yaml:1: file"
    assert "nest" in problem.message


@pytest.mark.parametrize(
    ("content", "line", "code", "words"), YAML_REFUSED.values(), ids=YAML_REFUSED
)
def test_yaml_that_is_not_plain_is_refused_with_its_line(tmp_path, content, line, code, words):
    problem = refused(tmp_path, content)
    assert (problem.code, problem.place) == (code, f"p.yaml:{line}: file")
    assert words in problem.message


def test_a_merge_key_merges_nothing(tmp_path):
    content = PATIENT.replace("sex: male", "sex: male, <<: {age: 64 year}")
    problem = refused(tmp_path, content)
    assert (problem.code, problem.place) == ("unknown-key", "p.yaml: patient.<<")


@pytest.mark.parametrize(
    "content",
    [
        'a: "\\U99999999"\n',
        'a: "\\UFFFFFFFF"\n',
        f"%YAML 1.{'1' * 5000}\n---\n{PATIENT}",
        "a: \x00\n",
        "a: \x1b[31m\n",
        "a: b\x85\x07c\n",
    ],
    ids=["no character", "the last number", "a long version", "NUL", "escape", "bell"],
)
def test_characters_that_no_yaml_has_are_refused(tmp_path, content):
    problem = refused(tmp_path, content)
    assert problem.code == "not-yaml"
    assert problem.place.startswith("p.yaml")


@pytest.mark.parametrize(
    "content",
    ["", "\n\n", "# only a comment\n", "- a\n- b\n", "text\n", "[]\n", "'patient'\n"],
    ids=["empty", "blank", "comment", "list", "text", "empty list", "quoted text"],
)
def test_file_without_a_mapping_gets_a_first_line_to_write(tmp_path, content):
    problem = refused(tmp_path, content)
    assert (problem.code, problem.place) == ("wrong-type", "p.yaml: file")
    assert "patient:" in problem.cure
    assert "dosimetry init" in problem.cure


# JSON.


def test_json_and_yaml_give_the_same_patient(tmp_path):
    by_json = read(tmp_path, json.dumps(DOCUMENT), "p.json")
    assert by_json.model_dump() == read(tmp_path, PATIENT).model_dump()


def test_json_with_a_byte_order_mark_is_read(tmp_path):
    assert read(tmp_path, json.dumps(DOCUMENT).encode("utf-8-sig"), "p.json").person.id == "T-1"


JSON_REFUSED = {
    "duplicate keys": ('{"a": 1,\n"a": 2}', "duplicate-key", "'a'"),
    "duplicate keys further in": ('{"b": [{"a": 1, "a": 1}]}', "duplicate-key", "'a'"),
    "NaN": ('{"a": NaN}', "not-finite", "NaN"),
    "Infinity": ('{"a": Infinity}', "not-finite", "Infinity"),
    "minus Infinity": ('{"a": -Infinity}', "not-finite", "-Infinity"),
    "1e999": ('{"a": 1e999}', "not-finite", "1e999"),
    "10000 digits": (f'{{"a": {"9" * 10_000}}}', "not-finite", "999"),
    "10000 brackets": ("[" * 10_000 + "]" * 10_000, "too-deep", "deep"),
    "10000 braces": ('{"a":' * 10_000 + "1" + "}" * 10_000, "too-deep", "deep"),
    "21 levels": ('{"a":' + "[" * 19 + "1" + "]" * 19 + "}", "too-deep", "20"),
    "a list": ("[]", "wrong-type", "not a mapping"),
    "a number": ("7", "wrong-type", "not a mapping"),
}


@pytest.mark.parametrize(("content", "code", "words"), JSON_REFUSED.values(), ids=JSON_REFUSED)
def test_json_that_is_not_plain_is_refused(tmp_path, content, code, words):
    problem = refused(tmp_path, content, "p.json")
    assert problem.code == code
    assert problem.place.startswith("p.json")
    assert words in problem.message
    assert len(str(problem)) < 1000


@pytest.mark.parametrize(
    ("content", "line"), [("", 1), ('{\n"a": 1,\n}', 3), ("{}\n{}", 2), ("{'a': 1}", 1)]
)
def test_broken_json_is_refused_with_its_line(tmp_path, content, line):
    problem = refused(tmp_path, content, "p.json")
    assert (problem.code, problem.place) == ("not-json", f"p.json:{line}: file")


def test_nesting_of_json_down_to_twenty_is_read():
    assert read_json('{"a":' + "[" * 18 + "1" + "]" * 18 + "}", "p.json")


@pytest.mark.parametrize(
    ("section", "key", "value", "code"),
    [
        ("patient", "id", 12, "not-a-text"),
        ("patient", "id", True, "not-a-text"),
        ("patient", "id", "", "not-a-text"),
        ("patient", "sex", 1, "unknown-word"),
        ("patient", "age", 64, "no-unit"),
        ("therapy", "start", 20260112, "not-a-date"),
        ("therapy", "regimen", 4, "not-a-text"),
    ],
)
def test_a_number_where_a_text_is_needed_is_refused(tmp_path, section, key, value, code):
    document = json.loads(json.dumps(DOCUMENT))
    document[section][key] = value
    problem = refused(tmp_path, json.dumps(document), "p.json")
    assert (problem.code, problem.place) == (code, f"p.json: {section}.{key}")


def test_a_number_is_quoted_as_the_file_has_it(tmp_path):
    content = json.dumps(DOCUMENT).replace('"T-1"', "12")
    assert "'12'" in refused(tmp_path, content, "p.json").message


def test_half_a_surrogate_pair_is_refused_as_text(tmp_path):
    for name, content in (
        ("p.json", json.dumps(DOCUMENT).replace("T-1", "\\ud800")),
        ("p.yaml", PATIENT.replace("T-1", '"\\uD800"')),
    ):
        with pytest.raises(InputError):
            dosimetry.plan(read(tmp_path, content, name)).to_json().encode()


def test_half_a_surrogate_pair_is_refused_as_file_name(tmp_path):
    cycle = {"administered": "7.4 GBq", "at": "2026-01-12", "measurements": "\ud800"}
    problem = refused(tmp_path, json.dumps({**DOCUMENT, "cycles": [cycle]}), "p.json")
    assert (problem.code, problem.place) == ("not-utf-8", "p.json: file")


@pytest.mark.parametrize("name", ["p.yaml", "p.json"])
def test_a_file_of_thousands_of_values_is_refused_at_once(tmp_path, name):
    """Explaining 50,000 wrong regions, each with the nearest right one, takes a minute."""
    began = time.process_time()
    masses = {f"livr{i}": "5 g" for i in range(40_000)}
    problem = refused(tmp_path, json.dumps({**DOCUMENT, "masses": masses}), name)
    assert time.process_time() - began < 5
    assert (problem.code, problem.place) == ("too-many-values", f"{name}: file")


def test_stored_refusal_holds_no_other_object(tmp_path):
    """A service reads thousands of wrong files; a cycle through pydantic is never collected."""

    def refuse():
        try:
            read(tmp_path, PATIENT.replace("male", "mail"))
        except InputError as error:
            kept = error  # in the frame that its own traceback holds
            return kept.problems[0].code
        return ""

    def count():
        gc.collect()
        return sum(issubclass(type(one), InputError) for one in gc.get_objects())  # not of proxies

    before = count()
    assert [refuse() for _ in range(10)] == ["unknown-word"] * 10
    assert count() <= before


# Files.


def test_directory_is_refused_as_patient_file(tmp_path):
    (tmp_path / "p.yaml").mkdir()
    with pytest.raises(InputError) as caught:
        dosimetry.read_patient(tmp_path / "p.yaml")
    (problem,) = caught.value.problems
    assert problem.place == "p.yaml: file"


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nobody\.yaml: file: no such file"):
        dosimetry.read_patient(tmp_path / "nobody.yaml")


def test_bytes_that_are_not_utf_8_are_named_with_their_line(tmp_path):
    problem = refused(tmp_path, b"patient: {id: T-1, sex: male}\ntherapy: \xff\n")
    assert (problem.code, problem.place) == ("not-utf-8", "p.yaml:2")
    assert "byte 40" in problem.message


def test_utf_16_is_not_utf_8(tmp_path):
    assert refused(tmp_path, PATIENT.encode("utf-16")).code == "not-utf-8"


def test_one_megabyte_is_read_and_a_byte_more_is_refused(tmp_path):
    content = json.dumps(DOCUMENT)
    assert read(tmp_path, content.ljust(1_000_000), "p.json").person.id == "T-1"
    problem = refused(tmp_path, content.ljust(1_000_001), "p.json")
    assert (problem.code, problem.place) == ("file-too-large", "p.json: file")
    assert "1 MB" in problem.message


def test_key_with_a_colon_keeps_the_file_name_in_its_place(tmp_path):
    problem = refused(tmp_path, f"{PATIENT}'note: mine': 3\n")
    assert problem.code == "unknown-key"
    assert problem.place.startswith("p.yaml: ")


# Garbage: whatever a file holds, there is a patient or a refusal.

garbage = settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
SYNTAX = st.text(st.sampled_from("ab01:-,?#&*!|>'\"%@`[]{}\\ \t\n.~<=\ufeff\x85\u2028Uux"))


def problems_of(folder, content, name):
    """Return what is wrong with a file; nothing where it is read and planned."""
    try:
        json.loads(dosimetry.plan(read(folder, content, name)).to_json())
    except InputError as error:
        return error.problems
    return ()


@garbage
@given(st.one_of(st.binary(), st.text().map(str.encode), SYNTAX.map(str.encode)))
@example(b'a: "\\U99999999"')
def test_garbage_as_yaml_is_refused_and_nothing_else(tmp_path, content):
    assert all(p.code and p.place for p in problems_of(tmp_path, content, "p.yaml"))


@garbage
@given(
    st.one_of(
        st.binary(),
        st.text().map(str.encode),
        st.text(st.sampled_from('{}[]",:0123456789eE+-.ntrufalsNaIiy\\ ')).map(str.encode),
    )
)
def test_garbage_as_json_is_refused_and_nothing_else(tmp_path, content):
    assert all(p.code and p.place for p in problems_of(tmp_path, content, "p.json"))


# Well formed and absurd: an answer or a refusal, never a crash.

FULL = {
    "patient": {"id": "T-1", "sex": "male", "hematocrit": "0.41"},
    "therapy": {"regimen": {"activity": "7.4 GBq", "cycles": "4", "interval": "8 week"}},
    "masses": {"liver": "1700 g"},
    "cycles": [
        {
            "administered": {"prepared": "7.4 GBq", "residual": "60 MBq"},
            "at": "2026-01-12",
            "measurements": [
                {"region": "liver", "time": f"{t} h", "activity": f"{a} MBq", "sd": "5 %"}
                for t, a in [(4, 80), (24, 60), (72, 31), (168, 8)]
            ],
            "dose_coefficients": {"spleen": {"value": "0.3 Gy/GBq", "sd": "0.05 Gy/GBq"}},
        }
    ],
}
ABSURD = {
    "patient hematocrit": [[], {}, "1e300"],
    "therapy regimen activity": ["1e200 GBq", "1e-300 GBq"],
    "therapy regimen interval": ["1e12 week", "1e6 week", "1e300 h", "1e-300 h"],
    "therapy regimen cycles": [1e308, [], True],
    "masses liver": ["1e-200 g", "1e300 g", {"value": "1700 g", "sd": "1e300 g"}],
    "cycles 0 at": ["9999-12-31", "0001-01-01"],
    "cycles 0 administered": ["1e200 GBq", "1e-300 GBq"],
    "cycles 0 administered residual": ["1e-300 MBq", "7399.999999999999 MBq"],
    "cycles 0 measurements 1 time": ["1e-300 h", "1e300 h"],
    "cycles 0 measurements 1 activity": ["1e-300 MBq", "1e300 MBq"],
    "cycles 0 measurements 1 sd": ["1e-300 MBq", "1e300 MBq"],
    "cycles 0 measurements 1 volume": ["1e-300 mL", "1e300 mL"],
    "cycles 0 measurements 1 recovery": ["1e-300", [], {}, True],
    "cycles 0 dose_coefficients spleen": ["1e200 Gy/GBq", "1e-300 Gy/GBq"],
    "cycles 0 dose_coefficients spleen sd": ["1e200 Gy/GBq", "1e-300 Gy/GBq"],
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        pytest.param(path, value, id=f"{path}: {value}")
        for path, values in ABSURD.items()
        for value in values
    ],
)
def test_absurd_values_are_read_or_refused(tmp_path, path, value):
    document = json.loads(json.dumps(FULL))
    *outer, last = (int(step) if step.isdigit() else step for step in path.split())
    inner = document
    for step in outer:
        inner = inner[step]
    inner[last] = value
    found = problems_of(tmp_path, json.dumps(document), "p.json")
    assert all(problem.code and problem.place for problem in found)
