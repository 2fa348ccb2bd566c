"""What OpenAPI says of routes that read the request themselves: parameters, answers, problems."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from guanxi_shared.errors import PROBLEM_TYPE
from guanxi_shared.resources import Resource


class Violation(BaseModel):
    pointer: str
    code: str
    detail: str


class ProblemDetails(BaseModel):
    """RFC 9457 problem details; `errors` maps a field to a sentence."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str | None
    message: str
    errors: dict[str, str]
    violations: list[Violation]


TITLES = {
    400: "The request cannot be read", 401: "No valid credential", 403: "Not permitted", 405: "Method not taken",
    404: "Not found, or not for you", 409: "Clashes with what is stored", 410: "It was here and is no more",
    412: "Changed since it was read", 413: "Too large", 415: "Content type not taken",
    416: "No byte of the range is there", 422: "A rule refuses it", 423: "Another request writes to it",
    460: "Not the bytes of the checksum", 428: "If-Match is required", 429: "Too many requests",
    503: "A part of the suite is away", 504: "The deadline has passed",
}  # fmt: skip
ALWAYS = (400, 401, 403, 429, 503, 504)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problem responses of an operation, those that any operation may give included."""
    schema = {"$ref": "#/components/schemas/ProblemDetails"}
    return {
        status: {"description": TITLES[status], "content": {PROBLEM_TYPE: {"schema": schema}}}
        for status in sorted({*ALWAYS, *statuses})
    }


def answers(
    status: int, answer: Mapping[str, Any], *, refused: Iterable[int] = ()
) -> dict[int | str, dict[str, Any]]:
    """The responses of an operation: what it answers, and the problems it refuses with."""
    return {status: {"description": "Done", **answer}, **problems(*refused)}


def query_parameter(name: str, type_: str, description: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name, "in": "query", "required": False,
        "description": description, "schema": {"type": type_, **more},
    }  # fmt: skip


# Models of bodies that routes read themselves; `create_app` adds them to the document.
DOCUMENTED: dict[str, type[BaseModel]] = {}  # by where they are; one process may hold two of a name


def body_of(
    model: type[BaseModel], *, content_type: str = "application/json", is_required: bool = True
) -> dict[str, Any]:
    """The `requestBody` of an operation whose route parses the model itself."""
    place = f"{model.__module__}.{model.__name__}"
    DOCUMENTED[place] = model
    schema = {
        "$ref": f"#/components/schemas/{place}"
    }  # settled in app.py, where all bodies are known
    return {"requestBody": {"required": is_required, "content": {content_type: {"schema": schema}}}}


def path_id(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "schema": {"type": "string", "format": "uuid"},
    }


IF_MATCH = {
    "name": "If-Match", "in": "header", "required": False, "schema": {"type": "string", "pattern": '^"\\d+"$'},
    "description": "The ETag you read; when the record has changed since, the answer is 412.",
}  # fmt: skip
IF_NONE_MATCH = {
    "name": "If-None-Match", "in": "header", "required": False, "schema": {"type": "string"},
    "description": "The ETag you have; 304 without a body when it is still the newest.",
}  # fmt: skip
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key", "in": "header", "required": False,
    "schema": {"type": "string", "pattern": "^[ -~]{1,255}$"},
    "description": "Repeat the request with the same key and it is done once; kept for 24 hours.",
}  # fmt: skip
AS_OF = query_parameter("as_of", "string", "The record as it was at this time.", format="date-time")
FORMATS: Mapping[str, dict[str, Any]] = {
    "id": {"type": "string", "format": "uuid"}, "integer": {"type": "integer"},
    "number": {"type": "number"}, "money": {"type": "number"}, "boolean": {"type": "boolean"},
    "day": {"type": "string", "format": "date"}, "instant": {"type": "string", "format": "date-time"},
}  # fmt: skip
TEXT = {"type": "string", "pattern": "^[^\\x00]*$"}


def operation(
    operation_id: str, summary: str, *, parameters: Iterable[Mapping[str, Any]] = (),
    body: type[BaseModel] | None = None, is_body_required: bool = True, **more: Any,
) -> dict[str, Any]:  # fmt: skip
    """Keywords of a route that reads its request itself."""
    extra: dict[str, Any] = {"parameters": list(parameters)} if parameters else {}
    if body is not None:
        extra |= body_of(body, is_required=is_body_required)
    return {"operation_id": operation_id, "summary": summary, "openapi_extra": extra, **more}


def _word(resource: Resource) -> str:
    """The plural as part of a name in code."""
    return resource.name.replace("-", "_")


def lists(resource: Resource) -> dict[str, Any]:
    """`GET /v1/{resource}`."""
    return operation(
        f"list_{_word(resource)}",
        f"A page of {resource.name}, filtered and sorted",
        parameters=list_parameters(resource),
        response_model=page_model(resource),
        responses=problems(),
    )


def searches(resource: Resource) -> dict[str, Any]:
    return operation(
        f"search_{_word(resource)}",
        f"A page of {resource.name} from a search document: groups OR, filters AND",
        body=SearchDocument,
        response_model=page_model(resource),
        responses=problems(413, 415),
    )


def gets(
    resource: Resource,
    *,
    has_past: bool = True,
    also: Mapping[int | str, Any] | None = None,
    refused: Iterable[int] = (),
) -> dict[str, Any]:
    """`GET /v1/{resource}/{id}`; `also` are further answers by their status, `refused` further
    problems."""
    past = [AS_OF] if has_past else []
    return operation(
        f"get_{resource.noun}",
        f"One {resource.noun}, as it is" + (" or as it was" if has_past else ""),
        parameters=[path_id(f"{resource.noun}_id"), *past, IF_NONE_MATCH],
        response_model=resource.model,
        responses={
            304: {"description": "You have this version."},
            **dict(also or {}),
            **problems(404, *refused),
        },
    )


def creates(
    resource: Resource,
    body: type[BaseModel],
    *,
    then: Iterable[str] = ("get", "update", "delete"),
    named_by: str = "id",
    refused: Iterable[int] = (),
    parameters: Iterable[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """The answer to a create links to what can be done with the record next: operations
    `{then}_{noun}`, whose path parameter `{noun}_{named_by}` is that field of the answer."""
    noun = resource.noun
    links = {
        f"{verb}_{noun}": {
            "operationId": f"{verb}_{noun}",
            "parameters": {f"{noun}_{named_by}": f"$response.body#/{named_by}"},
        }
        for verb in then
    }
    return operation(
        f"create_{noun}",
        f"A new {noun}",
        parameters=[IDEMPOTENCY_KEY, *parameters],
        body=body,
        response_model=resource.model,
        status_code=201,
        responses={
            201: {"description": "Created", "links": links},
            200: {"model": resource.model, "description": "It was there already, identical."},
            **problems(409, 413, 415, 422, *refused),
        },
    )


def updates(
    resource: Resource, body: type[BaseModel], *, refused: Iterable[int] = ()
) -> dict[str, Any]:
    return operation(
        f"update_{resource.noun}",
        f"Change what is sent of one {resource.noun} (JSON merge patch)",
        parameters=[path_id(f"{resource.noun}_id"), IF_MATCH],
        body=body,
        response_model=resource.model,
        responses=problems(404, 409, 412, 413, 415, 422, *refused),
    )


def acts(
    resource: Resource,
    verb: str,
    summary: str,
    *,
    takes_key: bool = True,
    refused: Iterable[int] = (),
) -> dict[str, Any]:
    """Delete, restore and the like: no body, the record as it is now."""
    parameters = [path_id(f"{resource.noun}_id"), IDEMPOTENCY_KEY if takes_key else IF_MATCH]
    return operation(
        f"{verb}_{resource.noun}",
        summary,
        parameters=parameters,
        response_model=resource.model,
        responses=problems(404, 409, 412, 413, 415, 422, *refused),
    )


def histories(resource: Resource) -> dict[str, Any]:
    paging = [
        query_parameter("limit", "integer", "1 to 200", minimum=1, maximum=200),
        query_parameter("cursor", "integer", "The next_cursor of the page before.", minimum=0),
    ]
    return operation(
        f"get_{resource.noun}_history",
        f"Every change of one {resource.noun}, newest first",
        parameters=[path_id(f"{resource.noun}_id"), *paging],
        response_model=HistoryPage,
        responses=problems(404),
    )


def batches(resource: Resource, body: type[BaseModel], answer: type[BaseModel]) -> dict[str, Any]:
    return operation(
        f"batch_{_word(resource)}",
        f"Up to 1,000 writes of {resource.name} in one request",
        parameters=[IDEMPOTENCY_KEY],
        body=body,
        response_model=answer,
        responses=problems(409, 413, 415, 422),
    )


def list_parameters(resource: Resource) -> list[dict[str, Any]]:
    """The parameters of a list. Every field also takes `field[operator]=`, which OpenAPI cannot
    say beside `field=`: the operators are in the description."""
    fixed = [
        query_parameter("limit", "integer", "1 to 200, 50 if absent", minimum=1, maximum=200),
        query_parameter("cursor", "string", "The next_cursor of the page before."),
        query_parameter(
            "total", "string", "Count all (dear on large sets)", enum=["none", "exact"]
        ),
        _words(
            "sort",
            [s for f in resource.fields.values() if f.is_sorted for s in (f.name, f"-{f.name}")],
            maxItems=5,
        ),
        _words("fields", list(resource.shown)),
    ]
    if resource.includes:
        fixed.append(_words("include", list(resource.includes)))
    if resource.is_searchable:
        text = "Words, pinyin, part of a phone number or email; ranked unless a sort is given."
        fixed.append(query_parameter("q", "string", text, maxLength=200, pattern="^[^\\x00]*$"))
    filters = [
        {
            "name": field.name, "in": "query", "required": False, "schema": FORMATS.get(field.kind, TEXT),
            "description": f"Also as {field.name}[operator]: " + ", ".join(sorted(field.operators)),
        }
        for field in resource.fields.values()
        if field.is_filtered and "eq" in field.operators
    ]  # fmt: skip
    taken = {
        each["name"] for each in fixed
    }  # of `total` the count; the field takes `total[operator]`
    return fixed + [each for each in filters if each["name"] not in taken]


def _words(name: str, words: list[str], **more: Any) -> dict[str, Any]:
    """A list of words with commas between."""
    return {
        "name": name, "in": "query", "required": False, "style": "form", "explode": False,
        "description": "With commas between.",
        "schema": {"type": "array", "items": {"type": "string", "enum": words}, **more},
    }  # fmt: skip


class Page(BaseModel):
    next_cursor: str | None
    has_more: bool
    total: int | None


class HistoryEntry(BaseModel):
    id: str
    type: str
    version: int
    actor_id: str | None
    actor_kind: str
    channel: str
    changed: list[str]
    before: dict[str, Any] | None
    after: dict[str, Any]
    occurred_at: datetime
    request_id: str | None


class HistoryPage(BaseModel):
    data: list[HistoryEntry]
    page: Page


class Filter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    field: str
    operator: str
    value: Any = None


class FilterGroup(BaseModel):
    model_config = ConfigDict(extra="forbid")

    filters: list[Filter]


class SearchDocument(BaseModel):
    """Groups OR, filters AND. The same document is a saved view, a segment and an export's filter."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "filter_groups": [
                    {"filters": [{"field": "updated_at", "operator": "gte", "value": "-30d"}]}
                ],
                "sorts": ["-updated_at"],
                "limit": 50,
            }
        },
    )

    filter_groups: list[FilterGroup] | None = None
    query: str | None = None
    sorts: list[str] | None = None
    fields: list[str] | None = None
    include: list[str] | None = None
    limit: Annotated[int, Field(ge=1, le=200)] | None = None
    cursor: str | None = None
    total: Literal["none", "exact"] | None = None


def any_page(*resources: Resource) -> dict[str, Any]:
    """The answer of a route that lists one of several resources; each has a list of its own, too."""
    models = [page_model(resource).__name__ for resource in resources]
    pages = {"anyOf": [{"$ref": f"#/components/schemas/{name}"} for name in models]}
    return {"description": "A page", "content": {"application/json": {"schema": pages}}}


PAGES: dict[str, type[BaseModel]] = {}


def page_model(resource: Resource) -> type[BaseModel]:
    """`{"data": […], "page": {…}}` of a resource, under a name that reads well in generated code.

    With `fields=` a row holds only those, so all but the id may be absent from a row.
    """
    if resource.name not in PAGES:
        assert resource.model is not None
        name = resource.model.__name__.removesuffix("Read")
        fields: dict[str, Any] = {
            key: (field.annotation, ... if key == "id" else None)
            for key, field in resource.model.model_fields.items()
        }
        more = ConfigDict(extra="allow")  # what `include=` adds
        row: Any = create_model(f"{name}Row", __config__=more, **fields)
        PAGES[resource.name] = create_model(f"{name}Page", data=(list[row], ...), page=(Page, ...))
    return PAGES[resource.name]
