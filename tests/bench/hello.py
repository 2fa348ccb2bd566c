"""The limit that shares are taken of: a bare FastAPI route that returns 1 KB.

python -m uvicorn tests.bench.hello:app --loop uvloop --http httptools --no-access-log
"""

from typing import Any

from fastapi import FastAPI

app = FastAPI()
BODY: dict[str, Any] = {
    "id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50",
    "items": [{"number": number, "name": "hello, world"} for number in range(27)],
}


@app.get("/")
async def hello() -> dict[str, Any]:
    return BODY
