"""What a process remembers of those who were erased."""

from guanxi_contacts.privacy.suppressions import SuppressionList
from guanxi_shared.db import Database
from tests.factories import Organisation

KEYS = ["e:ann@canary.example"]


async def test_what_is_read_while_somebody_is_being_erased_is_not_remembered(
    service_database: Database, organisation: Organisation
) -> None:
    """Else they could be entered again, as somebody new, for a moment after they were erased."""
    known = SuppressionList(service_database, b"k" * 32)
    async with service_database.transaction(organisation.id) as connection:
        await known.keep(connection, organisation.id, KEYS)
        assert not await known.holds(organisation.id, KEYS)  # others do not see it yet
    assert await known.holds(organisation.id, KEYS)
