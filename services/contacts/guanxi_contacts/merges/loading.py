"""Whose turn it is among those who merge and move."""

from uuid import UUID

from guanxi_contacts.merges.subjects import Subject
from guanxi_shared.db import Connection


async def take_turns(connection: Connection, subject: Subject, organisation: UUID) -> None:
    """Merges and moves in one organisation's trees come one after the other, before any row is held."""
    for turn in subject.turns:
        await connection.execute(turn, str(organisation))
