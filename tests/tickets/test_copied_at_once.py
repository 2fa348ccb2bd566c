"""A batch of what contacts tells: copied in one statement for each kind, as if it came one by one."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from guanxi_shared.consumers import bind
from guanxi_shared.db import Database
from guanxi_shared.edge import Edge
from guanxi_shared.identifiers import new_id
from guanxi_tickets.references.heard import apply_contacts_events
from tests.factories import Clients, Organisation
from tests.pipeline.telling import account_told, contact_told
from tests.statements import heard_on
from tests.tickets.company import PATH, made
from tests.tickets.conftest import Known

COPY = "SELECT version, name, known_by, deleted_at FROM known_contacts WHERE id = $2"


async def hear_all(
    service: Edge, database: Database, organisation: UUID, events: Sequence[Any]
) -> list[str]:
    """The statements that it took."""
    asked: list[str] = []
    files_dir = service.state.house.settings.files_dir
    async with database.transaction(None) as connection:
        await bind(connection, organisation)
        with heard_on(connection, lambda record: asked.append(record.query)):
            await apply_contacts_events(connection, organisation, events, files_dir=files_dir)
    return asked


async def test_many_are_copied_by_two_statements_a_kind_and_the_newest_version_counts(
    service: Edge, service_database: Database, company: Organisation
) -> None:
    ids = [new_id() for _ in range(40)]
    people = [contact_told(company.id, str(id), f"Anfang {n}") for n, id in enumerate(ids)]
    later = [
        contact_told(company.id, str(id), f"Ende {n}", version=2, verb="updated", changed=["name"])
        for n, id in enumerate(ids)
    ]
    places = [account_told(company.id, str(new_id()), "Haus") for _ in range(5)]
    asked = await hear_all(
        service, service_database, company.id, [*people, places[0], *later, *places[1:]]
    )
    assert len(asked) == 4, asked
    for n, id in enumerate(ids):
        found = await service_database.fetchrow(company.id, COPY, id)
        assert found is not None
        assert (found["version"], found["name"]) == (2, f"Ende {n}")
        # An erasure has to recognise who they were, too.
        assert {f"n:Anfang {n}", f"n:Ende {n}"} <= set(found["known_by"])


async def test_what_is_deleted_in_between_keeps_its_place_in_the_order(
    service: Edge, service_database: Database, company: Organisation
) -> None:
    gone, back = str(new_id()), str(new_id())
    await hear_all(
        service, service_database, company.id,
        [
            contact_told(company.id, gone, "Weg"), contact_told(company.id, back, "Da"),
            contact_told(company.id, back, "Da", version=2, verb="deleted"),
            contact_told(company.id, gone, "Weg", version=2, verb="deleted"),
            contact_told(company.id, back, "Da", version=3, verb="restored"),
            contact_told(company.id, back, "Wieder", version=4, verb="updated"),
        ],
    )  # fmt: skip
    for id, name, is_gone in ((gone, "Weg", True), (back, "Wieder", False)):
        found = await service_database.fetchrow(company.id, COPY, UUID(id))
        assert found is not None
        assert (found["name"], found["deleted_at"] is not None) == (name, is_gone)


async def test_tickets_of_the_few_that_are_named_follow_their_names(
    service: Edge, service_database: Database, client: Clients, company: Organisation, person: Known
) -> None:
    rep, ann = client(company.rep), await person("Ann")
    ticket = await made(rep, requester_id=ann)
    renamed = [
        contact_told(company.id, id, f"Quendolin{n}", owner_id=company.rep.id, version=2,
                     verb="updated", changed=["name"])
        for n, id in enumerate([ann, *(str(new_id()) for _ in range(9))])
    ]  # fmt: skip
    await hear_all(service, service_database, company.id, renamed)
    answer = await rep.get(PATH, params={"q": "quendolin0"})
    assert [found["id"] for found in answer.json()["data"]] == [ticket["id"]]
