"""The public API as the demo uses it: patient at a restart, never twice the same record."""

import hashlib
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Self

import httpx
import orjson

from guanxi_shared.auth import sign_service_token
from guanxi_shared.launch.errors import LaunchError

CHUNK = 250
AT_ONCE = 6
PATIENCE_SECONDS = 30.0
LONGEST_PAUSE = 2.0
IMPORT_PAUSE = 0.2
PASSING = frozenset({429, 502, 503, 504})
CALL_SECONDS = 60.0


class DemoRefused(LaunchError):
    """The suite said no; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Write:
    """One POST (or PATCH); with `version` it is made on that version of the record or not at all."""

    path: str
    body: dict[str, Any]
    version: int | None = None
    method: str = "POST"


class DemoClient:
    """Signed in as one of the demo's users; every write may be repeated without a second effect."""

    def __init__(self, url: str, *, transport: httpx.BaseTransport | None = None) -> None:
        self._url, self._transport = url, transport
        self._http = httpx.Client(base_url=url, timeout=CALL_SECONDS, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def another(self) -> "DemoClient":
        """For somebody else to sign in with."""
        return DemoClient(self._url, transport=self._transport)

    def make_organisation(self, organisation: dict[str, Any], *, service_secret: str) -> bool:
        """Whether it is new; needs the secret that the suite's services share."""
        token = sign_service_token(
            service_secret, issuer="demo", audience="gateway", now=time.time()
        )
        answer = self._send("POST", "/v1/organisations", organisation, f"Bearer {token}")
        if answer.status_code == 409:
            return False
        _demand(answer, "The demo organisation was not made")
        return True

    def sign_in(self, email: str, password: str) -> None:
        """Signing in again gives a token that knows the users made since."""
        wanted = {"email": email, "password": password}
        answer = self._send("POST", "/v1/auth/sign-in", wanted, None)
        if answer.status_code == 401:
            raise DemoRefused(
                f"There is a demo organisation already, and {email} has another password: set "
                "GUANXI_DEMO_PASSWORD to it, or start over with make clean DATA=1."
            )
        _demand(answer, f"{email} cannot sign in")
        self._http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def organisation(self) -> dict[str, Any]:
        answer = self._send("GET", "/v1/organisation")
        _demand(answer, "The organisation cannot be read")
        found: dict[str, Any] = answer.json()
        return found

    def records_of(self, path: str) -> dict[str, dict[str, Any]]:
        """All records of a list, by their ids."""
        found: dict[str, dict[str, Any]] = {}
        cursor = ""
        while True:
            more = {"limit": "200"} | ({"cursor": cursor} if cursor else {})
            answer = self._send("GET", str(httpx.URL(path).copy_merge_params(more)))
            _demand(answer, f"{path} cannot be read")
            page = answer.json()
            found |= {record["id"]: record for record in page["data"]}
            cursor = page["page"]["next_cursor"]
            if not cursor:
                return found

    def create_missing(self, path: str, records: Sequence[dict[str, Any]]) -> Iterator[int]:
        """One call each; yields how many of the records are done."""
        present = self.records_of(path)
        for number, record in enumerate(records, start=1):
            if record["id"] not in present:
                answer = self._send("POST", path, record, key=_key(path, record))
                if answer.status_code != 409:
                    _demand(answer, f"{path} refused {record.get('name') or record['id']}")
            yield number

    def remove(self, path: str) -> None:
        """What is gone already (404), or in use (409), stays as it is."""
        answer = self._send("DELETE", path)
        if answer.status_code not in (404, 409):
            _demand(answer, f"{path} was not deleted")

    def create_in_batches(
        self, path: str, records: Sequence[dict[str, Any]], *, query: str = ""
    ) -> Iterator[int]:
        """Many in a call; what is there already stays as it is. Yields how many are done."""
        for first in range(0, len(records), CHUNK):
            chunk = records[first : first + CHUNK]
            body = {
                "mode": "independent",
                "operations": [{"op": "create", "data": record} for record in chunk],
            }
            answer = self._send("POST", f"{path}/batch{query}", body, key=_key(path, body))
            _demand(answer, f"{path} refused a batch")
            _demand_all(answer.json()["results"], path)
            yield first + len(chunk)

    def import_rows(
        self, resource: str, rows: Sequence[dict[str, Any]], options: dict[str, Any]
    ) -> Iterator[int]:
        """One file, to the end of its job; yields how many of its rows are done. What an earlier load brought
        in stays as it is."""
        form = {"resource": resource, "start": "true", "options": orjson.dumps(options).decode()}
        file = ("demo.ndjson", b"".join(orjson.dumps(row) + b"\n" for row in rows))
        request = self._http.build_request(
            "POST", f"/v1/imports?resource={resource}", data=form, files={"file": file}
        )
        request.read()
        answer = self._patiently(request)
        _demand(answer, f"The {resource} of before were not taken")
        place = f"/v1/imports/{answer.json()['id']}"
        while True:
            answer = self._send("GET", place)
            _demand(answer, f"{place} cannot be read")
            job = answer.json()["job"]
            if job["status"] in ("failed", "cancelled") or job["errors"]:
                raise DemoRefused(
                    f"{job['errors'] or 'All'} {resource} of before were refused; see {place}/errors.csv."
                )
            if job["status"] == "done":
                break
            yield min(sum((job["counts"] or {}).values()), len(rows))
            time.sleep(IMPORT_PAUSE)
        yield len(rows)

    def write_chains(self, chains: Sequence[Sequence[Write]]) -> Iterator[int]:
        """A few chains at once, the writes of each one after the other; yields how many are done."""
        pool = ThreadPoolExecutor(AT_ONCE)
        try:
            for number, _ in enumerate(pool.map(self._write_chain, chains), start=1):
                yield number
        finally:
            pool.shutdown(cancel_futures=True)

    def _write_chain(self, chain: Sequence[Write]) -> None:
        """What an earlier load did (409, or 412 for a version that is past) stays as it is."""
        for write in chain:
            key = _key(write.path, write.body)
            answer = self._send(
                write.method, write.path, write.body, key=key, version=write.version
            )
            if answer.status_code not in (409, 412):
                _demand(answer, f"{write.path} refused")

    def answer_by_link(self, place: str, answers: dict[str, Any]) -> None:
        """As the customer with the link at `place`; what cannot be answered (any more) is left alone."""
        link = self._send("GET", place)
        if link.status_code in (404, 409):
            return
        _demand(link, f"{place} cannot be read")
        sent = self._send("POST", f"{link.json()['path']}/submit", {"answers": answers}, None)
        if sent.status_code != 410:
            _demand(sent, "An answer was refused")

    def _send(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        authorization: str | None = "",
        *,
        key: str | None = None,
        version: int | None = None,
    ) -> httpx.Response:
        """Tries again while the suite is starting, restarting or busy; DemoRefused when it stays so.

        `authorization` "" is the token of the sign-in, None is none at all.
        """
        request = self._http.build_request(method, path, content=_bytes(body))
        if body is not None:
            request.headers["Content-Type"] = "application/json"
        if key:
            request.headers["Idempotency-Key"] = key
        if version is not None:
            request.headers["If-Match"] = f'"{version}"'
        if authorization:
            request.headers["Authorization"] = authorization
        elif authorization is None:
            request.headers.pop("Authorization", None)
        return self._patiently(request)

    def _patiently(self, request: httpx.Request) -> httpx.Response:
        deadline, pause = time.monotonic() + PATIENCE_SECONDS, 0.1
        while True:
            try:
                answer = self._http.send(request)
                if not _is_passing(answer):
                    return answer
                reason = _sentence(answer)
            except httpx.TransportError as error:
                reason = f"Nobody answers at {self._http.base_url} ({error})"
            if time.monotonic() + pause > deadline:
                raise DemoRefused(f"{reason}. Is the suite running? make run starts it.")
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)


def _bytes(body: dict[str, Any] | None) -> bytes | None:
    return None if body is None else orjson.dumps(body)


def _key(path: str, body: dict[str, Any]) -> str:
    """The same for the same work, another when the generator makes it otherwise."""
    return "demo-" + hashlib.sha256(path.encode() + orjson.dumps(body)).hexdigest()[:40]


def _is_passing(answer: httpx.Response) -> bool:
    if answer.status_code in PASSING:
        return True
    # The same batch of an interrupted load may still be at work.
    return answer.status_code == 409 and _code(answer) == "still_running"


def _demand(answer: httpx.Response, what: str) -> None:
    if not answer.is_success:
        raise DemoRefused(f"{what}: {_sentence(answer)}")


def _demand_all(results: Sequence[dict[str, Any]], path: str) -> None:
    """409 is a record that an earlier load made (and somebody may have changed or deleted)."""
    refused = [each for each in results if each["status"] >= 400 and each["status"] != 409]
    if refused:
        problem = refused[0]["problem"]
        errors = "; ".join(f"{name}: {text}" for name, text in problem.get("errors", {}).items())
        raise DemoRefused(
            f"{path} refused {len(refused)} of {len(results)} records, the first because: "
            f"{problem['detail']} {errors}"
        )


def _sentence(answer: httpx.Response) -> str:
    problem = _problem(answer)
    return str(problem.get("detail") or problem.get("title") or f"status {answer.status_code}")


def _code(answer: httpx.Response) -> str:
    return str(_problem(answer).get("code", ""))


def _problem(answer: httpx.Response) -> dict[str, Any]:
    if "json" not in answer.headers.get("content-type", ""):
        return {}
    found = answer.json()
    return found if isinstance(found, dict) else {}
