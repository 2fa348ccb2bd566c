"""Letters are written with what they tell of, in its transaction; a worker delivers them."""

from typing import Final
from uuid import UUID

from guanxi_shared.db import Connection
from guanxi_shared.identifiers import new_id

WRITE: Final = """
INSERT INTO ticket_letters (organisation_id, id, kind, ticket_id, invitation_id, link_id)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING
"""


async def write_survey_letter(
    connection: Connection, organisation: UUID, invitation_id: UUID, ticket_id: UUID | None
) -> None:
    """To whom the invitation asks: nobody counts as asked for whom none was written."""
    asked = (organisation, new_id(), "survey", ticket_id, invitation_id, None)
    await connection.execute(WRITE, *asked)


async def write_link_letter(
    connection: Connection, organisation: UUID, kind: str, ticket_id: UUID, link_id: UUID
) -> None:
    """`portal`: to the requester; `receipt`: to the address that was typed into a form."""
    await connection.execute(WRITE, organisation, new_id(), kind, ticket_id, None, link_id)
