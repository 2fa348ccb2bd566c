"""A small gateway that keeps what it is sent; it fails, forgets and repeats as told."""

import hashlib
from typing import Any

import httpx
import orjson

MADE_AT = "2026-03-04T23:30:00Z"  # the fifth, where the demo is at home


class PowerCut(Exception):
    """What ends a load at once; nothing waits for it to pass."""


class Door:
    """Keeps what is created; `failures` are answered first, one each call."""

    def __init__(self, *failures: httpx.Response | Exception) -> None:
        self.failures = list(failures)
        self.kept: dict[str, Any] = {}
        self.paths: dict[str, str] = {}  # by id, the list that a record is in
        self.moves: dict[str, list[Any]] = {}  # by id, what was written about a record, in order
        self.calls: list[httpx.Request] = []
        self.removed: list[str] = []
        self.organisation_id: str | None = None  # of the person who signs in; None: the first kept
        self.cut_after: int | None = None  # so many calls the power goes, before the answer does

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(request)
        if self.failures:
            failure = self.failures.pop(0)
            if isinstance(failure, Exception):
                raise failure
            return failure
        answer = self._get(request) if request.method == "GET" else self._post(request)
        if self.cut_after is not None and len(self.calls) >= self.cut_after:
            raise PowerCut
        return answer

    def _post(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if request.method == "DELETE":
            self.removed.append(path)
            return httpx.Response(200, json={})
        if path == "/v1/imports":
            return self._import(request)
        body = orjson.loads(request.content)
        if path == "/v1/auth/sign-in":
            return httpx.Response(200, json={"access_token": f"token-{len(self.calls)}"})
        if path.endswith("/batch"):
            where = path.removesuffix("/batch")
            results = [self._create(each["data"], where) for each in body["operations"]]
            return httpx.Response(200, json={"results": results})
        if path.count("/") > 2 and "id" not in body and not path.endswith("/consents"):
            return self._move(request, body)
        result = self._create(body, path)
        return httpx.Response(result["status"], json=result)

    def _import(self, request: httpx.Request) -> httpx.Response:
        """Rows that bring no id are known by what they say."""
        resource = request.url.params["resource"]
        lines = [line for line in request.content.splitlines() if line.startswith(b'{"')]
        rows = [row for line in lines if "key" not in (row := orjson.loads(line)) and len(row) > 1]
        for row in rows:
            id = row.get("id") or hashlib.sha256(orjson.dumps(row)).hexdigest()
            self._create({"id": id, **row}, f"/v1/{resource}" + ("" if "id" in row else "/rows"))
        return httpx.Response(202, json={"id": f"import-{len(rows)}"})

    def _create(self, record: dict[str, Any], path: str) -> dict[str, Any]:
        if record.get("name") == "wrong":
            problem = {"detail": "The name is wrong.", "errors": {"name": "Wrong."}}
            return {"status": 422, "problem": problem}
        if record["id"] in self.kept:
            return {"status": 409, "problem": {"detail": "Taken."}}
        self.kept[record["id"]] = record
        self.paths[record["id"]] = path
        return {"status": 201, "id": record["id"]}

    def _move(self, request: httpx.Request, body: dict[str, Any]) -> httpx.Response:
        """A standing, a release, a check-in or -out: a new version of the record."""
        _, _, _, id, *verbs = request.url.path.split("/")
        verb = verbs[0] if verbs else "update"
        if verb in ("articles", "feedback", "members"):  # beside a record: its version stays
            return httpx.Response(200, json={"data": []})
        wanted = request.headers.get("if-match", f'"{self.version(id)}"')
        if wanted != f'"{self.version(id)}"':
            return httpx.Response(412, json={"detail": "Stale."})
        told = {"verb": verb, **body}
        may_repeat = verb.startswith("check-") or (verb == "update" and "version" not in told)
        is_repeated = may_repeat and told in self.moves.get(id, [])
        if not is_repeated:
            self.moves.setdefault(id, []).append(told)
        return httpx.Response(200, json={"id": id, "version": self.version(id)})

    def version(self, id: str) -> int:
        return 1 + len(self.moves.get(id, []))

    def _get(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/organisation":
            id = self.organisation_id or next(iter(self.kept))
            return httpx.Response(200, json={"id": id, "created_at": MADE_AT})
        if request.url.path.startswith("/v1/imports/import-"):
            asked = sum(call.url.path == request.url.path for call in self.calls)
            job = {"status": "queued", "errors": 0, "counts": None}
            job = job if asked % 2 else {"status": "done", "errors": 0, "counts": {"created": 1}}
            return httpx.Response(200, json={"job": job})
        if request.url.path.endswith("/link"):
            id = request.url.path.split("/")[-2]
            if any(move["verb"] == id for move in self.moves.get("surveys", ())):
                return httpx.Response(409, json={"detail": "The invitation is answered."})
            return httpx.Response(200, json={"path": f"/v1/public/surveys/{id}"})
        return self._page(request)

    def _page(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        ids = sorted(id for id in self.kept if self.paths.get(id, path) == path)
        after = request.url.params.get("cursor", "")
        page = [self._shown(id) for id in ids if id > after][:25]
        cursor = page[-1]["id"] if page and page[-1]["id"] != ids[-1] else None
        return httpx.Response(200, json={"data": page, "page": {"next_cursor": cursor}})

    def _shown(self, id: str) -> dict[str, Any]:
        checks = {move["verb"]: move for move in self.moves.get(id, ())}
        visit = {"checked_out_at": checks.get("check-out", {}).get("device_time")}
        grades = [move["grade"] for move in self.moves.get(id, ()) if "grade" in move]
        return {
            "id": id,
            "name": self.kept[id].get("name"),
            "version": self.version(id),
            "grade": grades[-1] if grades else self.kept[id].get("grade"),
            "visit": visit if checks else None,
        }
