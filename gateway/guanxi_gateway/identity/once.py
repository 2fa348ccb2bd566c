"""Secrets that are shown once: added to an answer after it was stored for idempotent repetition."""

import orjson
from starlette.responses import Response


def with_secret(response: Response, name: str, secret: str | None) -> Response:
    """The same answer with the secret in it; null when the answer is a repeated one.

    What `Idempotency-Key` keeps for a day is the answer without it: a table of stored answers must
    not become a table of keys.
    """
    if response.status_code not in (200, 201):
        return response
    body = {**orjson.loads(bytes(response.body)), name: secret}
    headers = {k: v for k, v in response.headers.items() if k.lower() != "content-length"}
    headers["cache-control"] = "no-store"
    return Response(orjson.dumps(body), response.status_code, headers)
