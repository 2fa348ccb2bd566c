"""One OpenAPI document for the whole suite, and pages that show it without the internet.

Each service's own document is asked for again after some seconds and merged anew when it changed.
Components that differ under one name get their service's name in front; operation ids likewise.
What several services answer (`routes.DIVIDED`) is described once, for the resources of all of them.
"""

import asyncio
import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from guanxi_gateway import routes
from guanxi_gateway.openapi_union import Different, united
from guanxi_gateway.peers import ask_all
from guanxi_gateway.upstream import Upstream
from guanxi_shared.errors import PROBLEM_TYPE, Problem, Unavailable
from guanxi_shared.refusals import problem_of

FRESH_SECONDS = 5.0
SECONDS_FOR_A_SERVICE = 10.0  # it makes its document when first asked for
VERBS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})
BEARER = {"type": "http", "scheme": "bearer", "description": "Access token or API key (gx_live_…)"}
ABOUT = (
    "Customers, sales, service and analytics behind one door. Sign in with "
    "`POST /v1/auth/sign-in`, or send an API key as the bearer token."
)
STATIC = "/static-offline-docs"

Document = dict[str, Any]
Place = tuple[str, str]  # section of components, name


def merge(documents: Mapping[str, Document], *, unavailable: Mapping[str, str]) -> Document:
    """The documents of services (and of the gateway itself) as one; nothing given is changed."""
    merged: Document = {
        "openapi": "3.1.0",
        "info": {"title": "Guanxi", "version": "1.0.0", "description": ABOUT},
        "servers": [{"url": "/"}],
        "paths": {},
        "components": {"securitySchemes": {"bearer": BEARER}},
        "security": [{"bearer": []}],
    }
    originals: dict[Place, Any] = {}
    operation_ids: set[str] = set()
    for service, document in documents.items():
        paths = {p: item for p, item in document.get("paths", {}).items() if is_public(service, p)}
        met = merged["paths"]
        agreed = _agreed(document, [item for p, item in paths.items() if p in met], originals)
        names = _names(document, service, originals, agreed)
        ids = _operation_ids(paths, service, operation_ids, known=met)
        renamed = {
            f"#/components/{s}/{n}": f"#/components/{s}/{new}" for (s, n), new in names.items()
        }
        for (section, name), component in _components(document):
            place = (section, names.get((section, name), name))
            originals[place] = agreed.get(place, originals.get(place, component))
            target = merged["components"].setdefault(section, {})
            mine = _rewritten(component, renamed, ids)
            if place[1] != name and "title" in mine:
                mine["title"] = place[1]  # generators name classes by it
            known = target.setdefault(place[1], mine)
            if place in agreed:
                with suppress(Different):  # what they refer to turned out to be two things
                    target[place[1]] = united(known, mine)
        for path, item in paths.items():
            mine = _rewritten(item, renamed, ids)
            met[path] = _one_of_both(met[path], mine) if path in met else mine
    merged["tags"] = [{"name": name} for name in _tags(merged)]
    if unavailable:
        merged["x-unavailable"] = [{"service": s, "detail": d} for s, d in unavailable.items()]
    return merged


def is_public(service: str, path: str) -> bool:
    """Whether a service's path is reached through the gateway, at that service."""
    if service == routes.OWN:
        return not path.startswith("/internal")
    word = path.removeprefix("/v1/").partition("/")[0].encode()
    if not path.startswith("/v1/"):
        return False
    if service in routes.DIVIDED.get(word, ()):
        return True
    return routes.service_for(word, path.encode()) == service or word in routes.EVERYWHERE


def _agreed(
    document: Document, items: Sequence[Any], originals: Mapping[Place, Any]
) -> dict[Place, Any]:
    """Components of paths that another service answers too, as they are for both."""
    mine = {f"#/components/{s}/{n}": (s, n) for (s, n), _ in _components(document)}
    components = dict(_components(document))
    waiting, seen = [ref for item in items for ref in _references(item)], set()
    agreed: dict[Place, Any] = {}
    while waiting:
        place = mine.get(waiting.pop())
        if place is None or place in seen:
            continue
        seen.add(place)
        waiting += _references(components[place])
        if place in originals and originals[place] != components[place]:
            with suppress(Different):  # two things of one name: renamed
                agreed[place] = united(originals[place], components[place])
    return agreed


def _one_of_both(one: Any, other: Any) -> Any:
    """The operations of a path that two services answer; of two that differ the first."""
    found = {**other, **one}
    for verb in one.keys() & other.keys():
        with suppress(Different):
            found[verb] = united(one[verb], other[verb])
    return found


def _components(document: Document) -> Iterator[tuple[Place, Any]]:
    for section, entries in document.get("components", {}).items():
        if section != "securitySchemes":
            for name, component in entries.items():
                yield (section, name), component


def _names(
    document: Document, service: str, originals: Mapping[Place, Any], agreed: Mapping[Place, Any]
) -> dict[Place, str]:
    """New names for components that clash: they differ from the one that has the name already, or
    refer to one that had to be renamed."""
    mine = dict(_components(document))
    taken = {place for place in mine if place in originals}
    clashing = {p for p in taken if p not in agreed and originals[p] != mine[p]}
    grown = True
    while grown:
        refs = {f"#/components/{section}/{name}" for section, name in clashing}
        more = {
            p for p in taken - clashing - agreed.keys() if not refs.isdisjoint(_references(mine[p]))
        }
        clashing |= more
        grown = bool(more)
    return {(section, name): f"{service.capitalize()}{name}" for section, name in clashing}


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        found = value.get("$ref")
        if isinstance(found, str):
            yield found
        for item in value.values():
            yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)


def _operation_ids(
    paths: Mapping[str, Any], service: str, taken: set[str], *, known: Mapping[str, Any]
) -> dict[str, str]:
    """New ids for operations whose id another service uses; `taken` grows by what is used here. Those
    that are `known` already under their path and verb keep their id."""
    mine = [
        operation["operationId"]
        for path, item in paths.items()
        for verb, operation in item.items()
        if verb in VERBS and "operationId" in operation and verb not in known.get(path, ())
    ]
    renamed = {name: f"{service}_{name}" for name in mine if name in taken}
    taken.update(renamed.get(name, name) for name in mine)
    return renamed


def _rewritten(value: Any, references: Mapping[str, str], ids: Mapping[str, str]) -> Any:
    """A copy with the new names in `$ref`, in discriminators and in `operationId` (links too)."""
    if isinstance(value, list):
        return [_rewritten(item, references, ids) for item in value]
    if not isinstance(value, dict):
        return references.get(value, value) if isinstance(value, str) else value
    copy = {key: _rewritten(item, references, ids) for key, item in value.items()}
    operation_id = copy.get("operationId")
    if isinstance(operation_id, str):
        copy["operationId"] = ids.get(operation_id, operation_id)
    return copy


def _tags(document: Document) -> list[str]:
    found: dict[str, None] = {}
    for item in document["paths"].values():
        for verb, operation in item.items():
            if verb in VERBS:
                found.update(dict.fromkeys(operation.get("tags", ())))
    return list(found)


@dataclass
class Documents:
    """The merged document as bytes, kept for some seconds."""

    own: Callable[[], Document]
    peers: Mapping[str, Upstream]
    _last: dict[str, bytes] = field(default_factory=dict)
    _digest: str = ""
    _body: bytes = b""
    _asked_at: float = float("-inf")
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def current(self) -> tuple[bytes, str]:
        """The document and its entity tag."""
        async with self._asking:
            if time.monotonic() - self._asked_at > FRESH_SECONDS:
                await self._ask()
                self._asked_at = time.monotonic()
        return self._body, f'"{self._digest}"'

    async def _ask(self) -> None:
        answers = await ask_all(
            self.peers, "/openapi.json", authorization=None, seconds=SECONDS_FOR_A_SERVICE
        )
        unavailable: dict[str, str] = {}
        for service, found in answers.items():
            if isinstance(found, Unavailable):
                unavailable[service] = found.detail
            elif found.is_success:
                self._last[service] = found.body
            else:
                unavailable[service] = found.sentence()
        known = repr(sorted(unavailable)).encode() + b"".join(self._last.values())
        digest = hashlib.sha256(known).hexdigest()[:32]
        if digest != self._digest:
            # Beside the requests: it takes a second or two.
            self._body = await asyncio.to_thread(self._merged, dict(self._last), unavailable)
            self._digest = digest

    def _merged(self, last: Mapping[str, bytes], unavailable: Mapping[str, str]) -> bytes:
        documents = {routes.OWN: self.own()}
        documents |= {name: orjson.loads(body) for name, body in last.items()}
        return orjson.dumps(merge(documents, unavailable=unavailable))


def pages(documents: Documents) -> Starlette:
    """/openapi.json, /docs (Swagger UI) and /redoc; the files they need are served by us."""

    async def document(request: Request) -> Response:
        body, tag = await documents.current()
        headers = {"etag": tag, "cache-control": "no-cache"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(body, media_type="application/json", headers=headers)

    async def swagger(request: Request) -> Response:
        return HTMLResponse(SWAGGER)

    async def start(request: Request) -> Response:
        return Response(START, media_type="text/javascript")

    async def redoc(request: Request) -> Response:
        return HTMLResponse(REDOC)

    async def refuse(request: Request, error: Exception) -> Response:
        problem = problem_of(error)
        body = problem.body(request.headers.get("x-request-id"))
        return Response(body, problem.status, problem.headers, PROBLEM_TYPE)

    return Starlette(
        exception_handlers={HTTPException: refuse, Problem: refuse},
        routes=[
            Route("/openapi.json", document),
            Route("/docs", swagger),
            Route("/docs/start.js", start),
            Route("/redoc", redoc),
        ],
    )


_HEAD = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Guanxi API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="{STATIC}/favicon.png">"""
SWAGGER = f"""{_HEAD}
<link rel="stylesheet" href="{STATIC}/swagger-ui.css"></head>
<body><div id="swagger-ui"></div>
<script src="{STATIC}/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script>
</body></html>"""
# A file of its own, because the content security policy allows no script inside the page.
START = """SwaggerUIBundle({
  url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true, persistAuthorization: true,
  tagsSorter: "alpha", docExpansion: "none", tryItOutEnabled: true,
});
"""
REDOC = f"""{_HEAD}</head>
<body><redoc spec-url="/openapi.json"></redoc>
<script src="{STATIC}/redoc.standalone.js"></script></body></html>"""
