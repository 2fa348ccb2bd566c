"""What whoever runs the suite may do in any organisation of it: by a token of the suite itself."""

import asyncio
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import asyncpg
import httpx

from guanxi_gateway.cli.running import gateway_url, open_database
from guanxi_shared.auth import sign_service_token
from guanxi_shared.launch.errors import LaunchError
from guanxi_shared.launch.plan import SERVICE_SECRET
from guanxi_shared.launch.secret_file import SecretFile
from guanxi_shared.launch.settings import LaunchSettings

CALL_SECONDS = 30.0
# `lookups` has no row-level policy: an administrator who is no superuser sees the ids at least.
ORGANISATIONS = """
SELECT subject_id AS id, coalesce(name, subject_id::text) AS name
FROM gateway.lookups LEFT JOIN gateway.organisations ON organisations.id = subject_id
WHERE kind = 'organisation' ORDER BY 2, 1
"""


@dataclass(frozen=True, slots=True)
class Organisation:
    id: UUID
    name: str


class Operator:
    """Calls to the running gateway, in one organisation or (None) for the whole installation."""

    def __init__(self, settings: LaunchSettings, organisation_id: UUID | None = None) -> None:
        self._secret = service_secret(settings)
        self._organisation_id = organisation_id
        self._http = httpx.Client(
            base_url=gateway_url(settings), timeout=CALL_SECONDS, trust_env=False
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._http.close()

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """The answer's JSON; LaunchError with the gateway's own sentence when it refuses."""
        try:
            answer = self._http.request(method, path, json=body, headers=self._headers())
        except httpx.TransportError as error:
            raise LaunchError(
                f"Nobody answers at {self._http.base_url}: is the suite running? make run starts it."
            ) from error
        if not answer.is_success:
            raise LaunchError(_sentence(answer))
        return answer.json()

    def everything(self, path: str) -> Iterator[dict[str, Any]]:
        """Every record of a list, page by page."""
        cursor: str | None = ""
        while cursor is not None:
            params = httpx.QueryParams({"limit": "200", **({"cursor": cursor} if cursor else {})})
            page = self.ask("GET", f"{path}?{params}")
            yield from page["data"]
            cursor = page["page"]["next_cursor"]

    def _headers(self) -> dict[str, str]:
        """A fresh token for each call: it lives for a minute."""
        token = sign_service_token(
            self._secret, issuer="cli", audience="gateway", now=time.time(),
            organisation_id=self._organisation_id,
        )  # fmt: skip
        return {"authorization": f"Bearer {token}", "x-guanxi-channel": "cli"}


def service_secret(settings: LaunchSettings) -> str:
    """The environment's, else that of the data folder."""
    secret = os.environ.get(SERVICE_SECRET) or SecretFile(settings.data_dir).read().get(
        SERVICE_SECRET
    )
    if not secret:
        raise LaunchError(
            f"{SERVICE_SECRET} is not set and {settings.data_dir} holds none: start the suite first "
            "(make run), or say where its data folder is (GUANXI_DATA_DIR)."
        )
    return secret


def choose_organisation(settings: LaunchSettings, wanted: str | None) -> UUID:
    """By id or name; the only one there is when none is named."""
    known = _id_in(wanted)
    if known is not None:
        return known
    found = [
        each for each in organisations(settings) if wanted is None or each.name == wanted.strip()
    ]
    if len(found) == 1:
        return found[0].id
    if not found and wanted is not None:
        raise LaunchError(f"There is no organisation {wanted!r}.")
    if not found:
        raise LaunchError(
            "There is no organisation yet: guanxi user organisation-create makes one."
        )
    listed = "".join(f"\n  {each.id}  {each.name}" for each in found)
    raise LaunchError(f"Say which one with --organisation:{listed}")


def organisations(settings: LaunchSettings) -> list[Organisation]:
    """Read in the database: no token of a user or service lists them all."""
    with open_database(settings) as url:
        return asyncio.run(_read_organisations(url))


async def _read_organisations(url: str) -> list[Organisation]:
    try:
        connection = await asyncpg.connect(url, timeout=10)
    except (OSError, asyncpg.PostgresError) as error:
        raise LaunchError(f"The database does not let us in: {error}") from error
    try:
        rows = await connection.fetch(ORGANISATIONS)
    except (asyncpg.UndefinedTableError, asyncpg.InsufficientPrivilegeError) as error:
        raise LaunchError(
            f"The organisations cannot be read ({error}): name one with --organisation ID."
        ) from error
    finally:
        await connection.close()
    return [Organisation(row["id"], row["name"]) for row in rows]


def _id_in(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _sentence(answer: httpx.Response) -> str:
    if "json" not in answer.headers.get("content-type", ""):
        return f"The gateway answered {answer.status_code}."
    problem = answer.json()
    about = "; ".join(f"{name}: {text}" for name, text in (problem.get("errors") or {}).items())
    detail = str(problem.get("detail") or problem.get("title") or answer.status_code)
    return f"{detail} ({about})" if about else detail
