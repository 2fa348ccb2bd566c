"""Any exception as the problem its caller sees; what is not foreseen is a logged 500."""

import re

import asyncpg
import structlog
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from guanxi_shared.db import AWAY
from guanxi_shared.errors import (
    Conflict,
    Invalid,
    Late,
    Malformed,
    MethodNotAllowed,
    NotFound,
    Problem,
    TooLarge,
    Unavailable,
    pointer,
)
from guanxi_shared.validation_words import message_of

LOG = structlog.get_logger()
COLUMNS_IN_NAME = re.compile(r"^(?:uq|fk|ck|ix)_[a-z_]+?_organisation_id_(?P<field>[a-z_]+)$")

# A text that Postgres cannot store: NUL, lone surrogates, numbers beyond a column's range.
UNSTORABLE = (
    asyncpg.DataError,
    asyncpg.CharacterNotInRepertoireError,
    asyncpg.UntranslatableCharacterError,
    asyncpg.exceptions.InvalidTextRepresentationError,
    UnicodeEncodeError,
)

# What the database refuses because of the values sent, not because of its own state.
ABOUT_THE_DATA = (asyncpg.IntegrityConstraintViolationError, *UNSTORABLE)


def problem_of(error: BaseException) -> Problem:
    """The problem for an exception; logs those that nobody foresaw."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, DBAPIError) and error.orig is not None:
        return problem_of(error.orig.__cause__ or error.orig)
    for known, build in MAPPED:
        if isinstance(error, known):
            return build(error)
    LOG.error("unexpected_error", exc_info=error)
    return Problem("Something went wrong on our side; the request id finds it in our logs.")


def _validation(error: BaseException) -> Problem:
    """FastAPI's own body and parameter checks; `loc` begins with where the value stood."""
    assert isinstance(error, RequestValidationError)
    details = error.errors()
    if any(item["type"] == "json_invalid" for item in details):
        return Malformed("The body is not valid JSON.")
    errors: dict[str, str] = {}
    violations = []
    for item in details:
        field = ".".join(str(part) for part in item["loc"][1:]) or str(item["loc"][0])
        said = message_of(item)
        errors.setdefault(field, said)
        violations.append({"pointer": pointer(field), "code": item["type"], "detail": said})
    first = next(iter(errors.items()))
    kind = Invalid if details[0]["loc"][0] == "body" else Malformed
    return kind(f"{first[0]}: {first[1]}", errors=errors, violations=violations)


def _http(error: BaseException) -> Problem:
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, Problem):  # FastAPI wraps what reading a body raises
        return error.__cause__
    headers = dict(error.headers or {})
    if error.status_code == 404:
        return NotFound("There is nothing at this path.")
    if error.status_code == 405:
        return MethodNotAllowed(headers=headers)
    if error.status_code == 413:
        return TooLarge()
    return Malformed(str(error.detail), headers=headers)


def _unique(error: BaseException) -> Problem:
    field = _field(getattr(error, "constraint_name", None))
    sentence = "This value is taken already."
    return Conflict(
        "A record with this value exists already.",
        errors={field: sentence} if field else {"id": sentence},
        code="not_unique",
    )


def _reference(error: BaseException) -> Problem:
    field = _field(getattr(error, "constraint_name", None)) or "id"
    return Invalid(
        f"{field} names a record that does not exist.",
        errors={field: "There is no such record."},
        code="unknown_reference",
    )


def _check(error: BaseException) -> Problem:
    name = str(getattr(error, "constraint_name", None) or "check")
    return Invalid(f"The rule {name} refuses this.", errors={name: "Refused by a rule."})


def _field(constraint: str | None) -> str | None:
    match = COLUMNS_IN_NAME.match(constraint or "")
    return match["field"].removesuffix("_key") if match else None


def _unstorable(error: BaseException) -> Problem:
    return Malformed("A value cannot be stored: " + str(error).splitlines()[0], code="unstorable")


def _away(_: BaseException) -> Problem:
    return Unavailable("The database is away for a moment; try again.")


def _busy(_: BaseException) -> Problem:
    return Unavailable("Others are changing the same record; try again.")


def _late(_: BaseException) -> Problem:
    return Late("This took too long and was stopped; narrow it down or try again.")


MAPPED = (
    (RequestValidationError, _validation),
    (ValidationError, lambda e: Problem("An answer did not have its declared form.")),
    (HTTPException, _http),
    (asyncpg.UniqueViolationError, _unique),
    (asyncpg.ForeignKeyViolationError, _reference),
    (asyncpg.CheckViolationError, _check),
    (UNSTORABLE, _unstorable),
    (asyncpg.QueryCanceledError, _late),
    (asyncpg.LockNotAvailableError, _busy),
    (asyncpg.SerializationError, _busy),
    (asyncpg.DeadlockDetectedError, _busy),
    (ClientDisconnect, lambda e: Malformed("The client went away.")),
    ((TimeoutError, PoolTimeout), _away),
    (AWAY, _away),
    (OSError, _away),
)
