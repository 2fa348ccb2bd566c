"""What is answered as JSON. Times are told in UTC, ids as text, whichever kind of UUID the database's driver gave."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import orjson
from starlette.responses import Response

JSON_OPTIONS: Final = orjson.OPT_UTC_Z


def json_bytes(value: Any) -> bytes:
    return orjson.dumps(value, option=JSON_OPTIONS, default=_id_as_text)


def json_response(
    value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    return Response(json_bytes(value), status, headers, media_type="application/json")


def _id_as_text(value: Any) -> str:
    """asyncpg's UUID is a subclass, which orjson does not take; anything else is a mistake of ours."""
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(type(value).__name__)
