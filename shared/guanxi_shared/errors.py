"""Every failure a caller can meet, as RFC 9457 problem details.

Problem
├── Malformed            400  the request cannot be read (unknown parameter, bad JSON)
├── Unauthenticated      401
├── Forbidden            403  you see the record but may not do this
├── NotFound             404  it does not exist, or not for you
├── MethodNotAllowed     405
├── Conflict             409
├── Gone                 410  it was there and is no more, for ever
├── Stale                412  If-Match names an older version
├── TooLarge             413
├── UnsupportedMedia     415
├── RangeNotSatisfiable  416  no byte of the range is there
├── Invalid              422  well-formed, but a rule refuses it
├── PreconditionRequired 428
├── TooMany              429
└── Upstream             502  a peer answered nonsense
    └── Unavailable      503  a peer or the database is away; try again
        └── Late         504  the deadline passed
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import orjson
from pydantic import BaseModel, ValidationError

from guanxi_shared.validation_words import message_of, words_for

PROBLEM_TYPE = "application/problem+json"


class Problem(Exception):
    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something went wrong on our side"

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: Mapping[str, str] | None = None,
        violations: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        code: str | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.errors = dict(errors or {})
        self.violations = list(violations) or [
            {"pointer": pointer(field), "code": code or self.code, "detail": sentence}
            for field, sentence in self.errors.items()
        ]
        self.headers = dict(headers or {})
        self.instance_code = code or self.code
        self.extra = extra

    def as_dict(self, request_id: str | None = None) -> dict[str, Any]:
        return {
            "type": f"urn:guanxi:problem:{self.instance_code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.instance_code,
            "request_id": request_id,
            "message": self.detail,
            "errors": self.errors,
            "violations": self.violations,
            **self.extra,
        }

    def body(self, request_id: str | None = None) -> bytes:
        return orjson.dumps(self.as_dict(request_id), default=str)


def pointer(field: str) -> str:
    """`emails.0.address` as the JSON pointer `/emails/0/address` (RFC 6901)."""
    return "/" + field.replace("~", "~0").replace("/", "~1").replace(".", "/")


class Malformed(Problem):
    status, code, title = 400, "malformed", "The request cannot be read"


class Unauthenticated(Problem):
    status, code, title = 401, "unauthenticated", "Sign in first"

    def __init__(self, detail: str | None = None, **more: Any) -> None:
        more.setdefault("headers", {"WWW-Authenticate": 'Bearer realm="guanxi"'})
        super().__init__(detail, **more)


class Forbidden(Problem):
    status, code, title = 403, "forbidden", "You may not do this"


class NotFound(Problem):
    status, code, title = 404, "not_found", "Not found"


class MethodNotAllowed(Problem):
    status, code, title = 405, "method_not_allowed", "This path does not take this method"


class Conflict(Problem):
    status, code, title = 409, "conflict", "This clashes with what is stored"


class Gone(Problem):
    status, code, title = 410, "gone", "It was here and is no more"


class Stale(Problem):
    status, code, title = 412, "stale", "The record has changed since you read it"


class TooLarge(Problem):
    status, code, title = 413, "too_large", "The request is too large"


class UnsupportedMedia(Problem):
    status, code, title = 415, "unsupported_media", "This content type is not taken here"


class RangeNotSatisfiable(Problem):
    status, code, title = 416, "range_not_satisfiable", "No byte of the range is there"


class Invalid(Problem):
    status, code, title = 422, "invalid", "Some fields are not acceptable"


class UnknownReference(Invalid):
    code, title = "unknown_reference", "A record that is named does not exist"


class PreconditionRequired(Problem):
    status, code, title = 428, "precondition_required", "Send If-Match with this request"


class TooMany(Problem):
    status, code, title = 429, "too_many", "Too many requests"


class Upstream(Problem):
    status, code, title = 502, "upstream", "A part of the suite answered wrongly"


class Unavailable(Upstream):
    status, code, title = 503, "unavailable", "A part of the suite is away; try again"

    def __init__(self, detail: str | None = None, **more: Any) -> None:
        more.setdefault("headers", {"Retry-After": "1"})
        super().__init__(detail, **more)


class Late(Unavailable):
    status, code, title = 504, "late", "The deadline of this request has passed"


def from_validation(error: ValidationError, model: type[BaseModel] | None = None) -> Problem:
    """A pydantic failure as the problem a caller sees: field → sentence. `model`, which was read, knows its fields.

    A body that is not JSON at all is Malformed (400); everything else is Invalid (422).
    """
    details = error.errors(include_url=False, include_context=False)
    if any(item["type"] == "json_invalid" for item in details):
        return Malformed("The body is not valid JSON: " + message_of(details[0]))
    errors: dict[str, str] = {}
    violations = []
    for item in details:
        field = ".".join(str(part) for part in item["loc"]) or "body"
        said = words_for(item, model)
        errors.setdefault(field, said)
        violations.append({"pointer": pointer(field), "code": item["type"], "detail": said})
    first = next(iter(errors.items()))
    return Invalid(f"{first[0]}: {first[1]}", errors=errors, violations=violations)
