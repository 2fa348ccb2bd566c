"""What a hot route skips on its way in and out, held against the ordinary way."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
import pytest
from fastapi import APIRouter, FastAPI
from sqlalchemy import Numeric
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from guanxi_shared.asked import Asked
from guanxi_shared.calls import read_body
from guanxi_shared.edge import Edge, hot
from guanxi_shared.resources import shown_as_stored
from tests.library.app import BOOK
from tests.serving import served, spoken_to

router = APIRouter()
done: list[str] = []
LONGEST = 100_000


@router.get("/whole")
@hot
async def whole(request: Request) -> Response:
    return Response(b"whole", 201, {"etag": '"1"', "content-type": "text/plain"})


@router.get("/nothing")
@hot
async def nothing(request: Request) -> Response:
    return Response(status_code=204)


@router.get("/json")
@hot
async def json(request: Request) -> Response:
    return JSONResponse({"名": "张三"})


@router.get("/stream")
@hot
async def stream(request: Request) -> Response:
    return StreamingResponse(iter((b"a", b"b")))


@router.get("/later")
@hot
async def later(request: Request) -> Response:
    return Response(b"first", background=BackgroundTask(done.append, "later"))


@router.get("/split")
@hot
async def split(request: Request) -> Response:
    return Response(b"x", 200, {"location": "/v1/\r\nx-injected: yes"})


@router.post("/told")
@hot
async def told(request: Request) -> Response:
    assert isinstance(request, Asked)
    body = await read_body(request, LONGEST)
    headers = request.headers
    seen = {
        "body": body.decode(),
        "first": headers["X-Said"],
        "again": headers.get("x-said"),
        "all": headers.getlist("x-said"),
        "there": "X-SAID" in headers,
        "not there": "x-unsaid" in headers or headers.get("x-unsaid", None),
    }
    return Response(orjson.dumps(seen))


@asynccontextmanager
async def asked() -> AsyncIterator[int]:
    app = FastAPI()
    app.include_router(router)
    edge = Edge(app, name="hot", max_in_flight=9, routes=router.routes)  # type: ignore[arg-type]
    async with served(edge) as port:
        yield port


def request_of(path: bytes, *, method: bytes = b"GET", more: bytes = b"") -> bytes:
    lines = (method, b" ", path, b" HTTP/1.1\r\nhost: x\r\nx-request-id: same\r\n", more)
    return b"".join((*lines, b"connection: close\r\n\r\n"))


@pytest.mark.parametrize(
    "path", [b"/whole", b"/nothing", b"/json", b"/stream", b"/later", b"/none"]
)
@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
async def test_an_answer_has_the_bytes_of_the_ordinary_way(
    path: bytes, method: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    done.clear()
    async with asked() as port:
        quick = await spoken_to("127.0.0.1", port, request_of(path, method=method))
        monkeypatch.setattr("guanxi_shared.at_once.RequestResponseCycle", object)
        ordinary = await spoken_to("127.0.0.1", port, request_of(path, method=method))
    assert quick.startswith(b"HTTP/1.1 ")
    assert lines_of(quick) == lines_of(ordinary)
    assert done == (["later"] * 2 if (path, method) == (b"/later", b"GET") else [])


def lines_of(answer: bytes) -> list[bytes]:
    """Without the order of `connection`, and without the time."""
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.startswith(b"date:")]
    return [lines[0], *sorted(lines[1:]), body]


async def test_a_whole_answer_leaves_in_one_write(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    send = RequestResponseCycle.send

    async def noting(cycle: RequestResponseCycle, message: object) -> None:
        sent.append(cycle.scope["path"])
        await send(cycle, message)  # type: ignore[arg-type]

    monkeypatch.setattr(RequestResponseCycle, "send", noting)
    async with asked() as port:
        for path in (b"/whole", b"/nothing", b"/stream"):
            assert await spoken_to("127.0.0.1", port, request_of(path))
    assert set(sent) == {"/stream"}


async def test_a_connection_is_kept_for_the_next_request() -> None:
    async with asked() as port:
        kept = request_of(b"/whole").replace(b"connection: close\r\n", b"")
        answers = await spoken_to("127.0.0.1", port, kept * 3 + request_of(b"/json"))
    assert answers.count(b"\r\n\r\nwhole") == 3
    assert answers.count(b"HTTP/1.1 ") == 4


async def test_no_header_can_hold_another() -> None:
    async with asked() as port:
        answer = await spoken_to("127.0.0.1", port, request_of(b"/split"))
    assert b"x-injected" not in answer


@pytest.mark.parametrize("pieces", [1, 3])
async def test_headers_and_body_are_those_that_were_sent(pieces: int) -> None:
    """Of a header that is said twice the first counts, as everywhere."""
    more = b"x-said: one\r\nX-Said: two\r\ntransfer-encoding: chunked\r\n"
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in [b"abc" * 9] * pieces)
    asked_for = request_of(b"/told", method=b"POST", more=more) + chunks + b"0\r\n\r\n"
    async with asked() as port:
        answer = await spoken_to("127.0.0.1", port, asked_for)
    seen = orjson.loads(answer.partition(b"\r\n\r\n")[2])
    assert seen == {
        "body": "abc" * 9 * pieces, "first": "one", "again": "one", "all": ["one", "two"],
        "there": True, "not there": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("declared", "status"), [(b"100001", b"413"), (b"9" * 18, b"413"), (b"9" * 40, b"400")]
)
async def test_a_body_that_says_it_is_too_long_is_not_waited_for(
    declared: bytes, status: bytes
) -> None:
    """The last is no number that a body can have: uvicorn refuses it before us."""
    more = b"content-length: " + declared + b"\r\n"
    async with asked() as port:
        answer = await spoken_to("127.0.0.1", port, request_of(b"/told", method=b"POST", more=more))
    assert answer.split()[1] == status


def test_no_decimal_is_read_out_of_the_state() -> None:
    """JSON tells it as a double, so what is written together sends it beside."""
    book = BOOK.table.c
    decimals = {str(c.name) for c in book if isinstance(c.type, Numeric)}
    assert decimals
    assert not decimals & shown_as_stored(BOOK)
    assert {"id", "title", "created_at"} <= shown_as_stored(BOOK)
