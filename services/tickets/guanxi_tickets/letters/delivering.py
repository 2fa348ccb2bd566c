"""Letters go out: each once, as far as mail permits.

A worker takes a letter by putting it off, and hands it over outside of any transaction. Who dies before that
leaves it to others; who dies between handing over and saying so has it sent again with the same Message-ID,
of which mail programs show one. What is not taken goes again, after a longer pause each time.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from guanxi_shared import logs
from guanxi_shared.db import Database
from guanxi_shared.http import ServiceClient
from guanxi_shared.mail import Letter, Mail, NotDelivered, forget_letters, make_mail
from guanxi_shared.peers import peer_client
from guanxi_shared.schedules import schedule
from guanxi_shared.settings import Common, common
from guanxi_tickets.clients import CONTACTS
from guanxi_tickets.errands import house_of
from guanxi_tickets.letters import rules
from guanxi_tickets.letters.about import about_letter, address_of, is_filled, link_to
from guanxi_tickets.requesters.lookup import ContactsAway
from guanxi_tickets.settings import Settings, settings
from guanxi_tickets.timers import Timed, look_at_due

DUE: Final = "SELECT organisation_id, id FROM due_letters($1)"
LATER: Final = (
    "UPDATE ticket_letters SET due_at = now() + $3 WHERE organisation_id = $1 AND id = $2"
)
# The lease: nobody else looks at it until then.
TAKE: Final = """
UPDATE ticket_letters SET attempts = attempts + 1, due_at = now() + $3
WHERE organisation_id = $1 AND id = $2 AND status = 'waiting' AND due_at <= now() RETURNING 1
"""
END: Final = """
UPDATE ticket_letters SET status = $3, reason = $4, ended_at = now(), sent_at = CASE WHEN $3 = 'sent' THEN now() END
WHERE organisation_id = $1 AND id = $2 AND status = 'waiting'
"""
PUT_OFF: Final = """
UPDATE ticket_letters SET due_at = $3 WHERE organisation_id = $1 AND id = $2 AND status = 'waiting'
"""


@dataclass(frozen=True, slots=True)
class Post:
    """Who is asked for addresses, who takes letters, and where their links lead."""

    client: ServiceClient | None
    mail: Mail
    own: Settings
    shared: Common


def folder_of(shared: Common) -> Path:
    """Where letters are kept as long as no server takes them."""
    return shared.data_dir / "mail" / "tickets"


@schedule("47 2 * * *", name="forget-old-letters")
async def forget_old_letters(database: Database) -> None:
    await asyncio.to_thread(forget_letters, folder_of(common()))


@schedule("* * * * * */5", name="deliver-letters")
async def deliver_letters(database: Database) -> None:
    own, shared = settings(), common()
    mail = make_mail(own.smtp_url, folder_of(shared), own.mail_from)
    async with house_of(database) as here:
        await deliver_with(database, Post(peer_client(here, CONTACTS), mail, own, shared))


async def deliver_with(database: Database, post: Post) -> None:
    async def deliver(database: Database, organisation: UUID, letter_id: UUID) -> bool:
        return await _deliver(database, post, organisation, letter_id)

    await look_at_due(database, Timed("letter", DUE, LATER, deliver))


async def _deliver(database: Database, post: Post, organisation: UUID, letter_id: UUID) -> bool:
    """Whether it was still to be sent."""
    async with database.transaction(organisation) as connection:
        if await connection.fetchval(TAKE, organisation, letter_id, rules.LEASE) is None:
            return False
        about = await about_letter(connection, organisation, letter_id)
        reason = rules.why_not(about, datetime.now(UTC))
        if reason is None and await is_filled(connection, organisation, about):
            reason = "too_many"
        if reason is not None:
            await connection.execute(END, organisation, letter_id, "dropped", reason)
            return True
    try:
        status, reason = await _handed_over(post, organisation, letter_id, about)
    except (NotDelivered, ContactsAway) as error:
        LOG.warning("letter not taken", id=str(letter_id), reason=str(error) or "contacts away")
        await _again(database, organisation, letter_id, about, error)
        return True
    async with database.transaction(organisation) as connection:
        await connection.execute(END, organisation, letter_id, status, reason)
    return True


async def _handed_over(
    post: Post, organisation: UUID, letter_id: UUID, about: dict[str, Any]
) -> tuple[str, str | None]:
    address = await address_of(post.client, organisation, about)
    if address is None:
        return "dropped", "no_address"
    secret, gateway_url = post.shared.service_secret, post.shared.gateway_url
    words = rules.words_of(about, link_to(post.own, secret, gateway_url, organisation, about))
    await post.mail.send(Letter(address, words.subject, words.text, name=str(letter_id)))
    return "sent", None


async def _again(
    database: Database, organisation: UUID, letter_id: UUID, about: dict[str, Any], error: Exception
) -> None:
    is_final = isinstance(error, NotDelivered) and error.is_final
    later = rules.next_attempt(about["attempts"], datetime.now(UTC))
    async with database.transaction(organisation) as connection:
        if is_final:
            await connection.execute(END, organisation, letter_id, "failed", "refused")
        elif later is None:
            await connection.execute(END, organisation, letter_id, "failed", "gave_up")
        else:
            await connection.execute(PUT_OFF, organisation, letter_id, later)


LOG = logs.logger("letters")
