"""A small gateway that keeps what it is sent; it fails, forgets and repeats as told."""

from typing import Any

import httpx
import orjson


class Door:
    """Keeps what is created; `failures` are answered first, one each call."""

    def __init__(self, *failures: httpx.Response | Exception) -> None:
        self.failures = list(failures)
        self.kept: dict[str, Any] = {}
        self.calls: list[httpx.Request] = []
        self.organisation_id: str | None = None  # of the person who signs in; None: the first kept

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(request)
        if self.failures:
            failure = self.failures.pop(0)
            if isinstance(failure, Exception):
                raise failure
            return failure
        if request.method == "GET":
            return self._get(request)
        body = orjson.loads(request.content)
        if request.url.path == "/v1/auth/sign-in":
            return httpx.Response(200, json={"access_token": f"token-{len(self.calls)}"})
        if request.url.path.endswith("/batch"):
            results = [self._create(operation["data"]) for operation in body["operations"]]
            return httpx.Response(200, json={"results": results})
        result = self._create(body)
        return httpx.Response(result["status"], json=result)

    def _create(self, record: dict[str, Any]) -> dict[str, Any]:
        if record.get("name") == "wrong":
            problem = {"detail": "The name is wrong.", "errors": {"name": "Wrong."}}
            return {"status": 422, "problem": problem}
        if record["id"] in self.kept:
            return {"status": 409, "problem": {"detail": "Taken."}}
        self.kept[record["id"]] = record
        return {"status": 201, "id": record["id"]}

    def _get(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/organisation":
            return httpx.Response(200, json={"id": self.organisation_id or next(iter(self.kept))})
        return self._page(request)

    def _page(self, request: httpx.Request) -> httpx.Response:
        ids = sorted(self.kept)
        after = request.url.params.get("cursor", "")
        page = [{"id": id} for id in ids if id > after][:2]
        cursor = page[-1]["id"] if page and page[-1]["id"] != ids[-1] else None
        return httpx.Response(200, json={"data": page, "page": {"next_cursor": cursor}})
