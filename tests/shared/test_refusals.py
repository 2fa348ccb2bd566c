"""Whatever goes wrong below a route, its caller sees a problem of the right kind."""

from typing import Any

import asyncpg
import orjson
import pytest
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from guanxi_shared import errors
from guanxi_shared.errors import Invalid, Malformed, Problem, Stale, from_validation, pointer
from guanxi_shared.money import Money
from guanxi_shared.refusals import problem_of


def _violation(kind: type[asyncpg.PostgresError], constraint: str) -> asyncpg.PostgresError:
    error = kind("refused")
    error.constraint_name = constraint
    return error


def _wrapped(error: Exception) -> DBAPIError:
    """As SQLAlchemy hands an error of asyncpg on."""
    adapted = Exception("adapted")
    adapted.__cause__ = error
    return DBAPIError("SELECT 1", {}, adapted)


CASES: list[tuple[Exception, int]] = [
    (Stale("x"), 412),
    (HTTPException(404), 404),
    (HTTPException(405), 405),
    (HTTPException(413), 413),
    (HTTPException(400, "x"), 400),
    (asyncpg.UniqueViolationError("x"), 409),
    (asyncpg.ForeignKeyViolationError("x"), 422),
    (asyncpg.CheckViolationError("x"), 422),
    (asyncpg.DataError("x"), 400),
    (asyncpg.InvalidTextRepresentationError("x"), 400),
    (asyncpg.CharacterNotInRepertoireError("x"), 400),
    (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "x"), 400),
    (asyncpg.QueryCanceledError("x"), 504),
    (asyncpg.LockNotAvailableError("x"), 503),
    (asyncpg.DeadlockDetectedError("x"), 503),
    (asyncpg.SerializationError("x"), 503),
    (asyncpg.TooManyConnectionsError("x"), 503),
    (asyncpg.CannotConnectNowError("x"), 503),
    (asyncpg.AdminShutdownError("x"), 503),
    (asyncpg.CrashShutdownError("x"), 503),
    (asyncpg.ConnectionDoesNotExistError("x"), 503),
    (asyncpg.DiskFullError("x"), 503),
    (asyncpg.InternalClientError("cannot switch to state 12"), 503),
    (asyncpg.InterfaceError("connection is closed"), 503),
    (asyncpg.InvalidPasswordError("x"), 503),
    (ConnectionResetError("x"), 503),
    (TimeoutError("x"), 503),
    (PoolTimeout("x"), 503),
    (KeyError("x"), 500),
    (asyncpg.UndefinedTableError("x"), 500),
    (asyncpg.InsufficientPrivilegeError("x"), 500),
]


@pytest.mark.parametrize(
    ("error", "status"),
    CASES,
    ids=lambda v: type(v).__name__ if isinstance(v, Exception) else str(v),
)
def test_an_error_is_the_problem_that_it_means(error: Exception, status: int) -> None:
    assert problem_of(error).status == status
    if isinstance(error, asyncpg.PostgresError | asyncpg.InterfaceError):
        assert problem_of(_wrapped(error)).status == status


@pytest.mark.parametrize("error", [KeyError("secret"), asyncpg.UndefinedTableError("secret")])
def test_what_nobody_foresaw_tells_nothing_of_itself(error: Exception) -> None:
    assert b"secret" not in problem_of(error).body()


@pytest.mark.parametrize("status", [503, 504, 429])
def test_who_may_come_again_is_told_when(status: int) -> None:
    kinds = [k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, Problem)]
    (kind,) = [k for k in kinds if k.status == status]
    if status != 429:  # only the limiter knows when
        assert int(kind().headers["Retry-After"]) >= 1


@pytest.mark.parametrize(
    ("constraint", "field"),
    [
        ("uq_books_organisation_id_isbn", "isbn"),
        ("uq_contact_accounts_organisation_id_contact_id", "contact_id"),
        ("uq_users_organisation_id_email_key", "email"),
        ("pk_books", "id"),
        ("something_else", "id"),
    ],
)
def test_a_clash_names_the_field_behind_the_constraint(constraint: str, field: str) -> None:
    problem = problem_of(_violation(asyncpg.UniqueViolationError, constraint))
    assert list(problem.errors) == [field]


def test_a_reference_to_nothing_names_its_field() -> None:
    error = _violation(asyncpg.ForeignKeyViolationError, "fk_books_organisation_id_author_id")
    assert list(problem_of(error).errors) == ["author_id"]


class _Inner(BaseModel):
    size: int


class _Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=3)
    parts: list[_Inner] = []


@pytest.mark.parametrize(
    ("body", "kind", "pointers"),
    [
        (b"{", Malformed, []),
        (b"[]", Invalid, ["/body"]),
        (b"{}", Invalid, ["/name"]),
        (b'{"name": "long", "x": 1}', Invalid, ["/name", "/x"]),
        (b'{"name": "a", "parts": [{"size": 1}, {"size": "a"}]}', Invalid, ["/parts/1/size"]),
    ],
)
def test_a_validation_names_every_field(
    body: bytes, kind: type[Problem], pointers: list[str]
) -> None:
    with pytest.raises(ValueError) as refused:
        _Outer.model_validate_json(body)
    problem = from_validation(refused.value)  # type: ignore[arg-type]
    assert type(problem) is kind
    assert [violation["pointer"] for violation in problem.violations] == pointers


def test_what_our_own_rules_say_stands_as_they_say_it() -> None:
    with pytest.raises(ValueError) as refused:
        Money(amount="1.005", currency="CNY")
    problem = from_validation(refused.value)  # type: ignore[arg-type]
    assert problem.errors == {"body": "CNY has 2 digits behind the point"}


def test_a_problem_has_every_member_of_the_contract() -> None:
    problem = Invalid(
        "name: too long", errors={"name": "Too long."}, code="too_long", hint="shorter"
    )
    shown: dict[str, Any] = orjson.loads(problem.body("r-1"))
    assert shown == {
        "type": "urn:guanxi:problem:too_long",
        "title": "Some fields are not acceptable",
        "status": 422,
        "detail": "name: too long",
        "code": "too_long",
        "request_id": "r-1",
        "message": "name: too long",
        "errors": {"name": "Too long."},
        "violations": [{"pointer": "/name", "code": "too_long", "detail": "Too long."}],
        "hint": "shorter",
    }


def test_a_pointer_escapes_what_json_pointers_escape() -> None:
    assert pointer("emails.0.address") == "/emails/0/address"
    assert pointer("custom.a/b~c") == "/custom/a~1b~0c"
