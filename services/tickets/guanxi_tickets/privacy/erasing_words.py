"""How a person is erased from what is said on tickets: their tickets, and all that hangs on them."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final
from uuid import UUID

from guanxi_shared.erasing.rules import Told, added
from guanxi_shared.erasing.texts import States, texts_told, write_texts
from guanxi_shared.many_records import Change, load_many, write_many
from guanxi_shared.resources import Resource
from guanxi_tickets.comments.resources import BY_VISIBILITY
from guanxi_tickets.complaints.resources import LOOPS
from guanxi_tickets.coordination_tasks.resources import TASKS
from guanxi_tickets.corrective_actions.resources import ACTIONS
from guanxi_tickets.entitlements.resources import ENTITLEMENTS
from guanxi_tickets.privacy import word_rules as words
from guanxi_tickets.privacy.erasing import Erasing
from guanxi_tickets.promises.resources import PROMISES
from guanxi_tickets.survey_answers.resources import ANSWERS
from guanxi_tickets.survey_sending.resources import INVITATIONS
from guanxi_tickets.tickets.found_rules import found_by
from guanxi_tickets.tickets.resources import TICKETS

Counts = dict[str, int]
Fields = Mapping[str, Any]
# What hangs on their tickets; what was said elsewhere and came with a merge is somebody else's.
HANGING: Final = "SELECT id FROM {table} WHERE organisation_id = $1 AND ticket_id = ANY($2::uuid[])"
SAID: Final = """
SELECT id, coalesce(written_on_id, ticket_id) = ANY($2::uuid[]) OR author_id = ANY($3::uuid[]) AS is_theirs
FROM {table} WHERE organisation_id = $1 AND (ticket_id = ANY($2::uuid[]) OR written_on_id = ANY($2::uuid[])
  OR author_id = ANY($3::uuid[]))
"""
ANSWERED: Final = """
SELECT a.id, ARRAY(SELECT q ->> 'key' FROM survey_editions e, jsonb_array_elements(e.questions) AS q
    WHERE e.organisation_id = $1 AND e.survey_id = a.survey_id AND e.number = a.edition
      AND q ->> 'type' = 'text') AS keys
FROM survey_answers a
WHERE a.organisation_id = $1 AND (a.contact_id = ANY($3::uuid[]) OR a.account_id = ANY($3::uuid[])
  OR (a.ticket_id = ANY($2::uuid[]) AND a.contact_id IS NULL))
"""
ASKED: Final = """
UPDATE survey_invitations SET partial = '{}'
WHERE organisation_id = $1 AND (contact_id = ANY($3::uuid[]) OR (ticket_id = ANY($2::uuid[]) AND contact_id IS NULL))
RETURNING id, status
"""
OPEN: Final = ("planned", "sent", "started")
DROPPED: Final = {"status": "dropped", "reason": "erased"}
CLAIMED: Final = (
    "SELECT id FROM entitlements WHERE organisation_id = $1 AND account_id = ANY($2::uuid[])"
)
ACCOUNTS: Final = """
SELECT id, name FROM known_accounts WHERE organisation_id = $1 AND id = ANY($2::uuid[]) AND NOT id = ANY($3::uuid[])
"""


async def erase_tickets(erasing: Erasing) -> Counts:
    """With the words by which they are found."""
    telling = _telling(words.OF_TICKETS, words.unsaid(words.OF_TICKETS))
    changes, told = await texts_told(erasing, TICKETS, erasing.person_ids, telling)
    named = {change.loaded.row["account_id"] for change in changes} - {None}
    asked = (erasing.organisation, list(named), list(erasing.known_ids))
    names = {row["id"]: row["name"] for row in await erasing.connection.fetch(ACCOUNTS, *asked)}
    for change in changes:
        row = {**change.loaded.row, **change.columns}
        found = found_by(row, account_name=names.get(row["account_id"]), requester_name=None)
        change.columns = {**change.columns, "seek_requester_at": None, **found}
    erasing.ids += erasing.person_ids
    return await write_texts(erasing, TICKETS, changes, told)


async def erase_comments(erasing: Erasing) -> Counts:
    """What was said on their tickets, wherever a merge or a split brought it, and by them on others'."""
    counts: list[Counts] = []
    asked = (erasing.organisation, list(erasing.person_ids), list(erasing.known_ids))
    for resource in BY_VISIBILITY.values():
        rows = await erasing.connection.fetch(SAID.format(table=resource.table.name), *asked)
        theirs = {row["id"]: bool(row["is_theirs"]) for row in rows}
        counts.append(await _erase_said(erasing, resource, theirs))
    return added(counts)


async def _erase_said(erasing: Erasing, resource: Resource, theirs: Mapping[UUID, bool]) -> Counts:
    whole, part = words.unsaid(words.OF_COMMENTS), _unnamed(erasing, words.OF_COMMENTS)

    def telling(id: UUID, states: States) -> list[Told]:
        return words.told_of(id, states, words.OF_COMMENTS, whole if theirs[id] else part)

    return await write_texts(
        erasing, resource, *await texts_told(erasing, resource, theirs, telling)
    )


async def erase_promises(erasing: Erasing) -> Counts:
    return await _erase_hanging(erasing, PROMISES, words.OF_PROMISES)


async def erase_tasks(erasing: Erasing) -> Counts:
    return await _erase_hanging(erasing, TASKS, words.OF_TASKS)


async def erase_rounds(erasing: Erasing) -> Counts:
    """What was said at a step goes whole, the lesson where it names them."""
    said, named = words.unsaid(words.OF_ROUNDS), _unnamed(erasing, words.LEARNED)

    def telling(id: UUID, states: States) -> list[Told]:
        learned = words.told_of(id, states, words.LEARNED, named)
        return words.told_of(id, states, words.OF_ROUNDS, said) + learned

    ids = await _hanging(erasing, LOOPS)
    return await write_texts(erasing, LOOPS, *await texts_told(erasing, LOOPS, ids, telling))


async def erase_actions(erasing: Erasing) -> Counts:
    ids = await _hanging(erasing, ACTIONS)
    return await _erase_named(erasing, ACTIONS, ids, words.OF_ACTIONS)


async def erase_entitlements(erasing: Erasing) -> Counts:
    """Of an account that is a person."""
    if erasing.noun != "account":
        return {}
    asked = (erasing.organisation, list(erasing.known_ids))
    rows = await erasing.connection.fetch(CLAIMED, *asked)
    ids = [row["id"] for row in rows]
    return await _erase_named(erasing, ENTITLEMENTS, ids, words.OF_ENTITLEMENTS)


async def erase_answers(erasing: Erasing) -> Counts:
    """What they wrote in surveys; whoever keeps copies is told of each as it is now."""
    asked = (erasing.organisation, list(erasing.person_ids), list(erasing.known_ids))
    keys = {row["id"]: row["keys"] for row in await erasing.connection.fetch(ANSWERED, *asked)}

    def telling(id: UUID, states: States) -> list[Told]:
        return words.told_of(id, states, ("answers",), words.unanswered(keys[id]))

    changes, told = await texts_told(erasing, ANSWERS, keys, telling)
    for change in changes:
        change.verb = "erased"
    return await write_texts(erasing, ANSWERS, changes, told)


async def erase_invitations(erasing: Erasing) -> Counts:
    """Nobody is asked any more."""
    asked = (erasing.organisation, list(erasing.person_ids), list(erasing.known_ids))
    rows = await erasing.connection.fetch(ASKED, *asked)
    ids = [row["id"] for row in rows if row["status"] in OPEN]
    loaded = await load_many(erasing.connection, INVITATIONS, ids)
    changes = [Change(one, DROPPED, verb="dropped") for one in loaded.values()]
    await write_many(erasing.connection, INVITATIONS, changes, actor=erasing.actor)
    return {"survey_invitations": len(rows)}


async def _erase_hanging(erasing: Erasing, resource: Resource, fields: Fields) -> Counts:
    telling = _telling(fields, words.unsaid(fields))
    ids = await _hanging(erasing, resource)
    return await write_texts(erasing, resource, *await texts_told(erasing, resource, ids, telling))


async def _erase_named(
    erasing: Erasing, resource: Resource, ids: Collection[UUID], fields: Fields
) -> Counts:
    telling = _telling(fields, _unnamed(erasing, fields))
    return await write_texts(erasing, resource, *await texts_told(erasing, resource, ids, telling))


async def _hanging(erasing: Erasing, resource: Resource) -> list[UUID]:
    sql = HANGING.format(table=resource.table.name)
    rows = await erasing.connection.fetch(sql, erasing.organisation, list(erasing.person_ids))
    return [row["id"] for row in rows]


def _telling(fields: Fields, instead: words.Instead) -> Callable[[UUID, States], list[Told]]:
    return lambda id, states: words.told_of(id, states, fields, instead)


def _unnamed(erasing: Erasing, fields: Fields) -> words.Instead:
    return words.unnamed(fields, [*erasing.needles, *erasing.typed], erasing.names)
