"""`POST /v1/{resource}/batch`: up to 1,000 writes in one request, one result per item, in order."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from guanxi_shared.calls import Call
from guanxi_shared.db import Connection, savepoint
from guanxi_shared.errors import Conflict, Invalid, Malformed, Problem, UnknownReference
from guanxi_shared.idempotency import Answer, answer_once
from guanxi_shared.records import State
from guanxi_shared.refusals import ABOUT_THE_DATA, UNSTORABLE, problem_of
from guanxi_shared.resources import Resource
from guanxi_shared.sights import seen_of
from guanxi_shared.writes import parse, parse_object

MAX_OPERATIONS = 1_000
MAX_BYTES = 10 * 1_048_576


class Match(BaseModel):
    model_config = ConfigDict(extra="forbid")

    field: str
    value: str


class Operation(BaseModel):
    model_config = ConfigDict(extra="forbid")

    op: Literal["create", "update", "upsert", "delete"]
    id: UUID | None = None
    match: Match | None = None
    if_match: Annotated[str | None, Field(pattern=r'^"?\d{1,18}"?$')] = None
    data: dict[str, Any] | None = None

    @property
    def version(self) -> int | None:
        return None if self.if_match is None else int(self.if_match.strip('"'))


class BatchRequest(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "mode": "independent",
                "operations": [{"op": "create", "data": {"name": "北京未来科技有限公司"}}],
            }
        },
    )

    mode: Literal["all_or_nothing", "independent"] = "all_or_nothing"
    operations: Annotated[list[Operation], Field(min_length=1, max_length=MAX_OPERATIONS)]


class BatchResult(BaseModel):
    index: int
    status: int
    id: UUID | None = None
    data: dict[str, Any] | None = None
    problem: dict[str, Any] | None = None


class BatchAnswer(BaseModel):
    succeeded: int
    failed: int
    results: list[BatchResult]


@dataclass(frozen=True, slots=True)
class Verbs:
    """What a resource gives the batch: its models and its own use cases."""

    create_model: type[BaseModel]
    update_model: type[BaseModel]
    create: Callable[[Call, Connection, Any], Awaitable[State]]
    update: Callable[[Call, Connection, UUID, Any, int | None], Awaitable[State]]
    delete: Callable[[Call, Connection, UUID, int | None], Awaitable[State]]
    find: Callable[[Call, Connection, str, str], Awaitable[list[UUID]]]


def finding(
    resource: Resource, by: Mapping[str, str]
) -> Callable[[Call, Connection, str, str], Awaitable[list[UUID]]]:
    """A `find` of what is asked for by the table alone; `by` has a condition for each field, whose value
    is $2 as text."""
    start = f"SELECT id FROM {resource.table.name} WHERE organisation_id = $1 AND deleted_at IS NULL AND "

    async def find(call: Call, connection: Connection, field: str, value: str) -> list[UUID]:
        if field not in by:
            raise UnknownReference(
                f"{resource.name.capitalize()} cannot be matched by {field!r}.",
                errors={"match": f"Match by {' or '.join(by)}."},
            )
        found = await connection.fetch(start + by[field] + " LIMIT 1000", call.organisation, value)
        return [row["id"] for row in found]

    return find


class _Undo(Exception):
    """Leaves the transaction without its work; carries the answer."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer


async def run_batch(call: Call, resource: Resource, verbs: Verbs) -> Response:
    """One transaction. `all_or_nothing` keeps nothing if one item fails (the answer is 422 with
    every item's own result); `independent` keeps what succeeded (200)."""
    raw = await call.body(limit=MAX_BYTES)
    request = parse(BatchRequest, raw)
    for action in {o.op for o in request.operations}:
        for needed in {"upsert": ("create", "update")}.get(action, (action,)):
            call.by.demand(resource.permission(needed))

    async def work(connection: Connection) -> Answer:
        results = [
            await _one(call, connection, resource, index, operation, verbs)
            for index, operation in enumerate(request.operations)
        ]
        failed = sum(result["status"] >= 400 for result in results)
        answer = _answer(results, failed, request.mode)
        if failed and request.mode == "all_or_nothing":
            raise _Undo(answer)
        return answer

    try:
        return await answer_once(call, work, fingerprint_of=raw)
    except _Undo as undone:
        return undone.answer.response()


def _answer(results: list[dict[str, Any]], failed: int, mode: str) -> Answer:
    if failed and mode == "all_or_nothing":
        problem = Invalid(
            f"{failed} of {len(results)} operations were refused, so none was kept.",
            code="batch_refused",
            succeeded=0,
            failed=failed,
            results=results,
        )
        return Answer(422, problem.body(), {"content-type": "application/problem+json"})
    body = {"succeeded": len(results) - failed, "failed": failed, "results": results}
    return Answer(200, orjson.dumps(body, option=orjson.OPT_UTC_Z, default=str))


async def _one(
    call: Call, connection: Connection, resource: Resource, index: int, operation: Operation,
    verbs: Verbs,
) -> dict[str, Any]:  # fmt: skip
    try:
        async with savepoint(connection):
            status, state = await _apply(call, connection, resource, operation, verbs)
        return {"index": index, "status": status, "id": str(state["id"]), "data": state}
    except (Problem, *ABOUT_THE_DATA) as error:
        problem = problem_of(error)
        return {"index": index, "status": problem.status, "problem": problem.as_dict()}


async def _apply(
    call: Call, connection: Connection, resource: Resource, operation: Operation, verbs: Verbs
) -> tuple[int, State]:
    if operation.op == "create":
        return 201, await _create(call, connection, operation, verbs)
    target = await _target(call, connection, resource, operation, verbs)
    if target is None and operation.op == "upsert":
        return 201, await _create(call, connection, operation, verbs)
    if target is None:
        raise Invalid("Say which record: send `id` or `match`.", errors={"id": "Missing."})
    if operation.op == "delete":
        return 200, await verbs.delete(call, connection, target, operation.version)
    data = parse_object(verbs.update_model, operation.data or {})
    return 200, await verbs.update(call, connection, target, data, operation.version)


async def _create(call: Call, connection: Connection, operation: Operation, verbs: Verbs) -> State:
    data = dict(operation.data or {})
    if operation.id is not None:
        data.setdefault("id", str(operation.id))
    return await verbs.create(call, connection, parse_object(verbs.create_model, data))


async def _target(
    call: Call, connection: Connection, resource: Resource, operation: Operation, verbs: Verbs
) -> UUID | None:
    """The record an operation means, by id or by a matching field; several matches are refused."""
    if operation.match is not None:
        found = await _find(call, connection, resource, operation.match, verbs)
        if len(found) > 1:
            raise Conflict(
                f"{len(found)} records have this {operation.match.field}; name one by its id.",
                errors={operation.match.field: "Not unique."},
                code="ambiguous_match",
            )
        if not found and operation.op != "upsert":
            raise Invalid("No record matches.", errors={operation.match.field: "No match."})
        return found[0] if found else None
    if operation.op == "upsert" and operation.id is not None:
        found = await verbs.find(call, connection, "id", str(operation.id))
        return found[0] if found else None
    return operation.id


async def _find(
    call: Call, connection: Connection, resource: Resource, match: Match, verbs: Verbs
) -> list[UUID]:
    """What a `match` means to this caller; a value that its field could never have names the field."""
    try:
        found = await verbs.find(call, connection, match.field, match.value)
    except UNSTORABLE as error:
        sentence = f"{match.value[:100]!r} is no {match.field} that a record could have."
        raise Malformed(sentence, errors={match.field: sentence}) from error
    return await seen_of(call, resource, found, within=connection)
