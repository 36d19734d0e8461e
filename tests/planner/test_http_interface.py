"""The HTTP interface: the documents of the command line, refusals, descriptions."""

import json
import subprocess
import sys

import pytest
from command_line import environment, run
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from planner_server import COMMAND, JSON

import dosimetry
from dosimetry.schemas import NAMES, schema_of

pytestmark = pytest.mark.slow  # whole commands

PATIENT = {"patient": {"id": "HTTP-1", "sex": "female"}, "therapy": {"regimen": "netter-1"}}
MEASURED = json.dumps(dosimetry.read_patient("examples/snmmi_patient4.yaml").to_dict(), indent=1)
ROWS = [
    {"region": "liver", "time": "4 h", "activity": "420 MBq"},
    {"region": "liver", "time": "24 h", "activity": "350 MBq"},
    {"region": "liver", "time": "96 h", "activity": "170 MBq"},
]


def printed_by_a_process(*arguments, given):
    """Return what the command prints in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", COMMAND, *arguments],
        input=given,
        capture_output=True,
        env=environment(),
        check=True,
    ).stdout


def problems_of(answer):
    """Return code and place of every problem of a refusal."""
    return [(p["code"], p["place"]) for p in json.loads(answer)["problems"]]


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ("plan?strategy=adjusted&risk=0.1&without_cycle=3", "--without-cycle 3 --risk 0.1"),
        ("compare", ""),
        ("limits?risk=0.2&estimator=least-squares", "--risk 0.2 --estimator least-squares"),
        ("check", ""),
    ],
)
def test_bytes_are_those_of_the_command(server, query, options):
    name = query.partition("?")[0]
    strategy = ["--strategy", "adjusted"] if name == "plan" else []
    body = MEASURED.encode()
    status, document = server.post(f"/api/v1/{query}", body)
    asked = (name, "-", *strategy, *options.split(), "--format", "json")
    if name == "plan":
        printed = printed_by_a_process(*asked, given=body)
    else:
        printed = run(*asked, given=body).stdout
    assert status == 200
    assert document == printed


def test_fit_of_rows_is_the_fit_of_a_file(server, tmp_path):
    status, document = server.post(
        "/api/v1/fit?model=mono", json.dumps({"administered": "7.4 GBq", "curves": ROWS})
    )
    rows = ["region,time [h],activity [MBq]", "liver,4,420", "liver,24,350", "liver,96,170"]
    (tmp_path / "c.csv").write_text("\n".join(rows), encoding="utf-8")
    options = ("--administered", "7.4 GBq", "--model", "mono", "--format", "json")
    assert status == 200
    assert document == run("fit", tmp_path / "c.csv", *options).stdout


@pytest.mark.parametrize("as_text", [True, False])
def test_plan_is_verified_with_its_body(server, as_text):
    plan = server.post("/api/v1/plan", MEASURED)[1].decode()
    content = (
        json.dumps({"plan": plan, "patient": MEASURED})
        if as_text
        else f'{{"patient": {MEASURED} ,\n"plan":{plan}}}'
    )
    status, answer = server.post("/api/v1/verify", content)
    result = json.loads(answer)
    assert (status, result["ok"], result["differences"]) == (200, True, [])
    assert not [*Draft202012Validator(schema_of("verify")).iter_errors(result)]


def test_plan_of_another_body_is_not_verified(server):
    plan = server.post("/api/v1/plan", json.dumps(PATIENT))[1].decode()
    other = {**PATIENT, "patient": {"id": "HTTP-2", "sex": "female"}}
    _, answer = server.post("/api/v1/verify", json.dumps({"plan": plan, "patient": other}))
    found = {(p["code"], p["place"]) for p in json.loads(answer)["differences"]}
    assert found == {("inputs-changed", "provenance.inputs"), ("differs", "patient.id")}


def test_refusal_names_every_problem(server):
    body = {"patient": {"id": "HTTP-1"}, "therapy": {"regimen": "nettr-1"}}
    status, answer = server.post("/api/v1/plan", json.dumps(body))
    refused = json.loads(answer)
    printed = json.loads(
        run("plan", "-", "--format", "json", given=json.dumps(body).encode()).stdout
    )
    assert (status, refused["status"], refused["title"]) == (422, 422, "Unprocessable Entity")
    assert len(refused["problems"]) == 2
    assert refused["problems"] == printed["problems"]


def test_refusal_is_problem_json(server):
    status, headers, _ = server.ask("POST", "/api/v1/plan", b"{", {**server.bearer, **JSON})
    assert (status, headers["Content-Type"]) == (422, "application/problem+json")


def test_check_reports_errors_and_refuses_what_is_no_json(server):
    status, answer = server.post("/api/v1/check", '{"patient": {"id": "HTTP-1"}}')
    assert (status, json.loads(answer)["ok"]) == (200, False)
    assert server.post("/api/v1/check", '{"patient": NaN}')[0] == 422


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"labs": "labs.csv"}, "-: labs"),
        ({"therapy": {"regimen": "netter-1", "prior": "p.csv"}}, "-: therapy.prior"),
        (
            {"cycles": [{"administered": "7 GBq", "at": "2026-01-12", "measurements": "m.csv"}]},
            "-: cycles[0].measurements",
        ),
        (
            {
                "cycles": [
                    {"administered": "7 GBq", "at": "2026-01-12", "blood": [{"file": "m.csv"}]}
                ]
            },
            "-: cycles[0].blood[0]",
        ),
    ],
)
def test_file_names_are_refused(server, change, place):
    status, answer = server.post("/api/v1/plan", json.dumps({**PATIENT, **change}))
    assert (status, problems_of(answer)) == (422, [("no-files-here", place)])


def test_file_name_as_a_parameter_is_refused(server):
    status, answer = server.post("/api/v1/plan?prior=p.csv", json.dumps(PATIENT))
    assert (status, problems_of(answer)) == (422, [("no-files-here", "prior")])


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        ("plan?stratgey=fixed", 400, "unknown-parameter"),
        ("plan?risk=0.1&risk=0.2", 400, "parameter-twice"),
        ("plan?risk=one", 400, "not-a-number"),
        ("plan?cycles=4.0", 400, "not-a-number"),
        ("plan?risk", 400, "not-a-query"),
        ("check?risk=0.1", 400, "unknown-parameter"),
        ("plan?risk=0.9", 422, "risk-out-of-range"),
        ("plan?as_of=today", 422, "not-a-date"),
        ("fit", 422, "missing"),
        ("plans", 404, "no-such-address"),
    ],
)
def test_wrong_addresses_are_refused(server, address, status, code):
    answered, answer = server.post(f"/api/v1/{address}", json.dumps(PATIENT))
    assert (answered, problems_of(answer)[0][0]) == (status, code)


@pytest.mark.parametrize("kind", ["text/plain", "application/json; charset=latin-1", ""])
def test_other_content_types_are_refused(server, kind):
    status, answer = server.post("/api/v1/plan", "{}", **{"Content-Type": kind})
    assert (status, problems_of(answer)[0][0]) == (415, "wrong-content-type")


def test_other_methods_are_refused_with_those_allowed(server):
    status, headers, answer = server.ask("PUT", "/api/v1/plan", b"{}", server.bearer)
    assert (status, headers["Allow"]) == (405, "POST")
    assert problems_of(answer)[0][0] == "wrong-method"


@pytest.mark.parametrize("name", ["patient", "plan", "cohort"])
def test_schema_is_that_of_the_command(server, name):
    status, _, answer = server.ask("GET", f"/api/v1/schema/{name}", headers=server.bearer)
    assert (status, json.loads(answer)) == (200, schema_of(name))


def test_unknown_schema_is_not_found(server):
    status, _, answer = server.ask("GET", "/api/v1/schema/nothing", headers=server.bearer)
    assert (status, problems_of(answer)[0][0]) == (404, "unknown-document")


def test_description_is_openapi_and_names_every_address(server):
    described = json.loads(server.ask("GET", "/api/v1/openapi.json", headers=server.bearer)[2])
    validate(described)
    names = {"plan", "check", "compare", "limits", "fit", "verify"}
    assert {*described["paths"]} == {f"/{name}" for name in names} | {
        "/schema/{name}",
        "/openapi.json",
    }
    assert described["paths"]["/schema/{name}"]["get"]["parameters"][0]["schema"]["enum"] == [
        *NAMES
    ]


def test_answers_keep_to_the_schemas_of_the_description(server):
    described = json.loads(server.ask("GET", "/api/v1/openapi.json", headers=server.bearer)[2])
    for name in ("plan", "check", "compare", "limits"):
        document = json.loads(server.post(f"/api/v1/{name}", json.dumps(PATIENT))[1])
        reference = {"$ref": f"#/components/schemas/{name}", "components": described["components"]}
        assert not [*Draft202012Validator(reference).iter_errors(document)], name
    refusal = json.loads(server.post("/api/v1/plan", "{}")[1])
    reference = {"$ref": "#/components/schemas/refusal", "components": described["components"]}
    assert not [*Draft202012Validator(reference).iter_errors(refusal)]


def test_every_option_of_the_command_is_a_parameter(server):
    described = json.loads(server.ask("GET", "/api/v1/openapi.json", headers=server.bearer)[2])
    files = {"format", "output", "report", "quiet", "fail_on", "full", "help"}
    for name in ("plan", "compare", "limits"):
        shown = run(name, "--help").stdout.decode()
        options = {
            word.strip(",").removeprefix("--").replace("-", "_")
            for word in shown.split()
            if word.startswith("--")
        }
        listed = described["paths"][f"/{name}"]["post"]["parameters"]
        assert {parameter["name"] for parameter in listed} == options - files


def test_health_needs_no_token(server):
    assert server.ask("GET", "/health")[0] == 200
