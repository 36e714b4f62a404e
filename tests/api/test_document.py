"""The API keeps to its own document, whatever it is asked."""

import re

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from escalator.services.auth.api_tokens import Scope
from tests.everybody import a_token, by_token, number_of

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
FEW = 5


def test_the_document_names_every_route(app):
    document = app.test_client().get("/api/v1/openapi.json").get_json()
    named = {
        (method.upper(), path) for path, said in document["paths"].items() for method in said if method != "parameters"
    }
    there = {
        (method, re.sub(r"<(?:[^:>]*:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/api/") and not rule.rule.endswith("/openapi.json")
    }
    assert named == there
    assert document["openapi"] == "3.1.0"


@pytest.mark.parametrize("mode", GenerationMode)
def test_whatever_is_asked_the_answer_is_as_the_document_says(core, app, mode):
    headers = by_token(a_token(core, "eli", *Scope))
    for found in schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app).get_all_operations():
        operation = found.ok()
        is_about_one = "{number}" in operation.path and mode is GenerationMode.POSITIVE
        given_path = {"path_parameters": {"number": number_of(core, "threat")}} if is_about_one else {}
        _try(operation.as_strategy(mode, **given_path), headers)


def _try(cases, headers):
    @settings(max_examples=FEW, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=cases)
    def keeps_to_it(case):
        case.call_and_validate(headers=headers, checks=CHECKS)

    keeps_to_it()
