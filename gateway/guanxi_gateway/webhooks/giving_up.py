"""An endpoint that cannot go on is switched off: an event, an entry in the audit log, a letter to its owner."""

from typing import Final

from guanxi_gateway.identity.audit import write_audit
from guanxi_gateway.webhooks.endpoints import Endpoint
from guanxi_gateway.webhooks.resources import WEBHOOKS
from guanxi_gateway.webhooks.turns import hold_turn
from guanxi_shared import records
from guanxi_shared.calls import Actor
from guanxi_shared.db import Connection, Database
from guanxi_shared.errors import NotFound
from guanxi_shared.mail import Letter, Mail, NotDelivered
from guanxi_shared.visibility import EVERYTHING

ACTOR: Final = Actor(id=None, kind="service", channel="webhook")
REASONS: Final = {
    "gone": "it answered 410: there is nothing any more at its address",
    "failing": "it has failed for five days without a single success",
    "owner_inactive": "the account of the person it belongs to is not active",
    "sealed_otherwise": "its secret cannot be read any more; give it a new one",
}
TELL = """
UPDATE webhook_turns SET owner_to_tell = true, next_at = clock_timestamp(), rung = true
WHERE organisation_id = $1 AND webhook_id = $2
"""
TOLD = """
UPDATE webhook_turns SET owner_to_tell = false WHERE organisation_id = $1 AND webhook_id = $2
"""
OWNER = """
SELECT u.email, w.url, w.disabled_reason, w.version FROM webhooks w
JOIN users u ON u.organisation_id = w.organisation_id AND u.id = w.owner_id AND u.deleted_at IS NULL
WHERE w.organisation_id = $2 AND w.id = $3 AND NOT w.is_enabled AND w.deleted_at IS NULL
"""


async def disable_endpoint(connection: Connection, endpoint: Endpoint, reason: str) -> None:
    """Nothing where it is off or gone already."""
    await hold_turn(connection, endpoint.organisation_id, endpoint.id)
    try:
        loaded = await records.load_record(connection, WEBHOOKS, endpoint.id, scope=EVERYTHING)
    except NotFound:
        return
    if not loaded.row["is_enabled"]:
        return
    at = await connection.fetchval("SELECT clock_timestamp()")
    changes = {"is_enabled": False, "disabled_reason": reason, "disabled_at": at}
    await records.update_record(connection, WEBHOOKS, loaded, changes, actor=ACTOR, verb="disabled")
    await connection.execute(TELL, endpoint.organisation_id, endpoint.id)
    await write_audit(
        connection, endpoint.organisation_id, "webhook.disabled", actor=ACTOR,
        subject=f"webhook/{endpoint.id}", details={"reason": reason},
    )  # fmt: skip


async def tell_owner(database: Database, mail: Mail, endpoint: Endpoint) -> None:
    """Told at least once: the letter goes first. NotDelivered where it may go later."""
    place = (endpoint.organisation_id, endpoint.id)
    row = await database.fetchrow(place[0], OWNER, *place)
    if row is not None:
        reason = REASONS.get(row["disabled_reason"], row["disabled_reason"])
        letter = Letter(
            to=row["email"],
            subject="A webhook of yours was switched off",
            text=f"Events are no longer sent to {row['url']}: {reason}.\n\n"
            "None is lost: what happened since is sent when you switch it on again\n"
            f'(PATCH /v1/webhooks/{endpoint.id} {{"is_enabled": true}}).\n',
            name=f"webhook-{endpoint.id}-{row['version']}",
        )
        try:
            await mail.send(letter)
        except NotDelivered as error:
            if not error.is_final:
                raise
    async with database.transaction(place[0]) as connection:
        await connection.execute(TOLD, *place)
