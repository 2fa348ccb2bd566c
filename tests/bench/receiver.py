"""A receiver of webhooks that does nothing but count: POST answers 204, GET says how many there were and when
the first and the last one came (seconds of a clock that only goes on)."""

import json
import time
from typing import Any

came: list[float] = []


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    more = True
    while more:
        more = (await receive()).get("more_body", False)
    status, body = 204, b""
    if scope["method"] == "POST":
        came.append(time.monotonic())
    elif scope["method"] == "DELETE":
        came.clear()
    else:
        found = {"count": len(came), "seconds": came[-1] - came[0] if came else 0.0}
        status, body = 200, json.dumps(found).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
