"""Use cases of webhooks: where events may go, who may say so, and what only the owner is shown."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import orjson
from joserfc.jwk import OctKey

from guanxi_gateway.identity.audit import write_audit
from guanxi_gateway.webhooks import header_rules
from guanxi_gateway.webhooks.endpoints import sealed
from guanxi_gateway.webhooks.errors import EndpointDisabled, FilterNotUnderstood
from guanxi_gateway.webhooks.filter_rules import BadFilter, read_filter
from guanxi_gateway.webhooks.queueing import CLOCKS
from guanxi_gateway.webhooks.resources import WEBHOOKS
from guanxi_gateway.webhooks.schemas import WebhookCreate, WebhookUpdate
from guanxi_gateway.webhooks.signing_rules import SIZE, secret_text
from guanxi_gateway.webhooks.turns import REST, hold_turn, ring_one
from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.deferred import Deferred
from guanxi_shared.errors import Forbidden, Invalid
from guanxi_shared.identifiers import new_id
from guanxi_shared.records import Loaded, State
from guanxi_shared.writes import check_version

MOST: Final = 200  # endpoints of an organisation
COUNT = "SELECT count(*) FROM webhooks WHERE organisation_id = $1 AND deleted_at IS NULL"
ADD_TURN = """
INSERT INTO webhook_turns (organisation_id, webhook_id, next_at, cursor, hears_from)
VALUES ($1, $2, CASE WHEN $3 THEN clock_timestamp() END, $4, $5)
"""


async def create_webhook(
    call: Call, connection: Connection | Deferred, data: WebhookCreate, *,
    cursor: str, keys: tuple[OctKey, ...],
) -> tuple[State, str]:  # fmt: skip
    """The endpoint as it is shown, and its secret, which nothing can show again. It hears from `cursor` on."""
    if call.by.user_id is None:
        raise Forbidden("A webhook belongs to a user: a service has none.")
    if await connection.fetchval(COUNT, call.organisation) >= MOST:
        raise Invalid(f"An organisation has at most {MOST} webhooks.", code="too_many_webhooks")
    key = secrets.token_bytes(SIZE)
    webhook_id = data.id or new_id()
    columns = {
        **data.model_dump(mode="json", exclude={"id", "headers"}), **_owned_by(call),
        **_headers(data.headers or {}, keys),
        "id": webhook_id, "organisation_id": call.organisation, "filter": _filter_of(data),
        "sealed_secret": sealed(key, keys),
    }  # fmt: skip
    state = await records.insert_record(connection, WEBHOOKS, columns, actor=call.actor)
    await connection.execute(
        ADD_TURN, call.organisation, webhook_id, data.is_enabled, cursor,
        datetime.now(UTC) - CLOCKS,
    )  # fmt: skip
    await _audit(call, connection, "created", state)
    return state, secret_text(key)


async def load_webhook(
    call: Call, connection: Connection | Deferred, webhook_id: UUID, *,
    to_write: bool = True, deleted: bool = False,
) -> Loaded:  # fmt: skip
    scope = await call.scope_of(WEBHOOKS)
    if to_write:
        await hold_turn(connection, call.organisation, webhook_id)
    return await records.load_record(
        connection, WEBHOOKS, webhook_id, scope=scope, to_write=to_write, deleted=deleted
    )


async def update_webhook(
    call: Call, connection: Connection, webhook_id: UUID, data: WebhookUpdate, version: int | None,
    *, keys: tuple[OctKey, ...],
) -> State:  # fmt: skip
    """Whoever says where it goes is whose eyes it sees with, and by whose key. Headers are told to the host that
    they were meant for, and to no other."""
    loaded = await load_webhook(call, connection, webhook_id)
    await check_version(connection, WEBHOOKS, loaded, version)
    changes = data.model_dump(mode="json", exclude_unset=True)
    if "filter" in changes:
        changes["filter"] = _filter_of(data)
    if "url" in changes:
        changes |= _owned_by(call)
    is_elsewhere = "url" in changes and _host(changes["url"]) != _host(loaded.row["url"])
    if "headers" in changes or is_elsewhere:
        changes |= _headers(changes.pop("headers", None) or {}, keys)
    switched = changes.get("is_enabled", loaded.row["is_enabled"]) != loaded.row["is_enabled"]
    if switched:
        off = not changes["is_enabled"]
        changes |= {"disabled_reason": None, "disabled_at": datetime.now(UTC) if off else None}
    state = await records.update_record(connection, WEBHOOKS, loaded, changes, actor=call.actor)
    await _settle_turn(call, connection, state)
    await _audit(call, connection, "updated", state, changed=sorted(changes))
    return state


async def delete_webhook(
    call: Call, connection: Connection, webhook_id: UUID, version: int | None
) -> State:
    loaded = await load_webhook(call, connection, webhook_id)
    await check_version(connection, WEBHOOKS, loaded, version)
    state = await records.delete_record(connection, WEBHOOKS, loaded, actor=call.actor)
    await connection.execute(REST, call.organisation, webhook_id)
    await _audit(call, connection, "deleted", state)
    return state


async def restore_webhook(call: Call, connection: Connection, webhook_id: UUID) -> State:
    """It goes on where it stopped."""
    loaded = await load_webhook(call, connection, webhook_id, deleted=True)
    state = await records.restore_record(connection, WEBHOOKS, loaded, actor=call.actor)
    await _settle_turn(call, connection, state)
    await _audit(call, connection, "restored", state)
    return state


async def rotate_secret(
    call: Call, connection: Connection, webhook_id: UUID, overlap: timedelta, *,
    version: int | None, keys: tuple[OctKey, ...],
) -> tuple[State, str]:  # fmt: skip
    """The endpoint and its new secret; the present one signs too for the overlap."""
    loaded = await load_webhook(call, connection, webhook_id)
    await check_version(connection, WEBHOOKS, loaded, version)
    key = secrets.token_bytes(SIZE)
    changes = {
        "sealed_secret": sealed(key, keys),
        "sealed_previous": loaded.row["sealed_secret"] if overlap else None,
        "previous_secret_until": datetime.now(UTC) + overlap if overlap else None,
    }
    state = await records.update_record(
        connection, WEBHOOKS, loaded, changes, actor=call.actor, verb="secret_rotated"
    )
    await _audit(call, connection, "secret_rotated", state)
    return state, secret_text(key)


def demand_enabled(loaded: Loaded) -> None:
    if not loaded.row["is_enabled"]:
        raise EndpointDisabled("Switch the webhook on first: nothing is sent to it now.")


def _owned_by(call: Call) -> dict[str, Any]:
    call.by.demand("events:read")
    if call.by.user_id is None:
        raise Forbidden("A webhook belongs to a user: a service has none.")
    scopes = call.by.scopes
    return {"owner_id": call.by.user_id, "scopes": None if scopes is None else sorted(scopes)}


def _filter_of(data: WebhookCreate | WebhookUpdate) -> dict[str, Any] | None:
    document = None if data.filter is None else data.filter.model_dump(mode="json")
    try:
        read_filter(document)
    except BadFilter as error:
        raise FilterNotUnderstood(
            f"{error.where}: {error.sentence}", errors={error.where: error.sentence}
        ) from error
    return document


async def _settle_turn(call: Call, connection: Connection, state: State) -> None:
    if state["is_enabled"]:
        await ring_one(connection, call.organisation, state["id"])
    else:
        await connection.execute(REST, call.organisation, state["id"])


async def _audit(
    call: Call, connection: Connection | Deferred, verb: str, state: Mapping[str, Any], **more: Any
) -> None:
    """Its host and no more of its URL, which may hold what only the receiver knows."""
    details = {
        "host": urlsplit(state["url"]).hostname, "event_types": state["event_types"],
        "is_enabled": state["is_enabled"], "owner_id": state["owner_id"], **more,
    }  # fmt: skip
    await write_audit(
        connection, call.organisation, f"webhook.{verb}", actor=call.actor,  # type: ignore[arg-type]
        subject=f"webhook/{state['id']}", details=details,
    )  # fmt: skip


def _headers(headers: Mapping[str, str], keys: tuple[OctKey, ...]) -> dict[str, Any]:
    """Names to be shown, values that only the dispatcher reads."""
    if problem := header_rules.problem_of(headers):
        name, why = problem
        field = f"headers.{name}" if name else "headers"
        raise Invalid(f"{field}: {why}", errors={field: why}, code="header_not_allowed")
    text = sealed(orjson.dumps(dict(headers)), keys) if headers else None
    return {"header_names": list(headers), "sealed_headers": text}


def _host(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port
