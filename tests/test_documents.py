"""What every service's OpenAPI document promises, held against itself."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from guanxi_gateway.app import assemble
from guanxi_gateway.identity.settings import IdentitySettings
from guanxi_gateway.openapi import merge
from guanxi_gateway.settings import GatewaySettings
from guanxi_shared.edge import Edge
from guanxi_shared.openapi import plain_name
from guanxi_shared.settings import Common
from tests.stand_in import SECRET

NOWHERE = "postgresql://nobody@127.0.0.1:1/none"

Document = dict[str, Any]


@pytest.fixture
def merged(contacts: Edge, tmp_path: Path) -> Document:
    """As the gateway shows it; no database is asked for it."""
    door = assemble(
        GatewaySettings(database_url=NOWHERE, feed_database_url=NOWHERE),
        Common(service_secret=SECRET, data_dir=tmp_path),
        IdentitySettings(),
    )
    assert isinstance(door.own, Edge)
    documents = {"gateway": door.own.app.openapi(), "contacts": contacts.app.openapi()}
    return merge(documents, unavailable={})


def operations(document: Document) -> Iterator[tuple[str, Document]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def test_every_link_leads_to_an_operation_with_that_parameter(merged: Document) -> None:
    taken = {
        each["operationId"]: {parameter["name"] for parameter in each.get("parameters", ())}
        for _, each in operations(merged)
    }
    links = [
        (where, link)
        for where, operation in operations(merged)
        for answer in operation["responses"].values()
        for link in answer.get("links", {}).values()
    ]
    assert len(links) > 15
    for where, link in links:
        assert set(link["parameters"]) <= taken[link["operationId"]], (where, link)


def test_every_refusal_is_promised_as_a_problem(merged: Document) -> None:
    for where, operation in operations(merged):
        for status, answer in operation["responses"].items():
            if status >= "400":
                assert "application/problem+json" in answer["content"], (where, status)
    assert not {"HTTPValidationError", "ValidationError"} & set(merged["components"]["schemas"])


def test_what_changes_a_record_tells_of_no_defaults(merged: Document) -> None:
    """A generated client sends them, and would so undo what nobody meant to change."""
    schemas, bodies = merged["components"]["schemas"], 0
    for where, operation in operations(merged):
        is_json = "application/json" in operation.get("requestBody", {}).get("content", {})
        if where.startswith("PATCH") and is_json:  # the others append bytes
            ref = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
            fields = schemas[ref.rpartition("/")[2]]["properties"].values()
            assert not any("default" in field for field in fields), where
            bodies += 1
    assert bodies > 10


def test_names_are_told_apart_in_words_and_titles_are_names(merged: Document) -> None:
    """Generators make a class of a title; two of one name and both are left out."""
    schemas = merged["components"]["schemas"]
    assert not [name for name in schemas if "__" in name]
    titles = {name: schema["title"] for name, schema in schemas.items() if "title" in schema}
    assert titles == {name: name for name in titles}
    assert plain_name("guanxi_tickets__survey_results__schemas__Share") == "SurveyResultsShare"


def test_no_model_is_called_as_one_of_its_fields(
    contacts: Edge, pipeline: Edge, tickets: Edge, analytics: Edge
) -> None:
    """openapi-python-client makes of such a one a class that no type checker takes."""
    for service in (contacts, pipeline, tickets, analytics):
        schemas = service.app.openapi()["components"]["schemas"]
        for name, schema in schemas.items():
            fields = {field.replace("_", "") for field in schema.get("properties", ())}
            assert plain_name(name).lower() not in fields, name


def test_every_part_of_a_path_is_described(
    contacts: Edge, pipeline: Edge, tickets: Edge, analytics: Edge, merged: Document
) -> None:
    documents = [each.app.openapi() for each in (contacts, pipeline, tickets, analytics)]
    for document in (*documents, merged):
        for where, operation in operations(document):
            told = {e["name"] for e in operation.get("parameters", ()) if e["in"] == "path"}
            assert told == set(re.findall(r"{(\w+)}", where)), where


def test_what_a_path_names_may_not_be_there(
    contacts: Edge, pipeline: Edge, tickets: Edge, analytics: Edge, merged: Document
) -> None:
    documents = [each.app.openapi() for each in (contacts, pipeline, tickets, analytics)]
    for document in (*documents, merged):
        for where, operation in operations(document):
            assert "{" not in where or "404" in operation["responses"], where


def test_no_parameter_is_described_twice(merged: Document) -> None:
    for where, operation in operations(merged):
        named = [(each["name"], each["in"]) for each in operation.get("parameters", ())]
        assert len(named) == len(set(named)), where
