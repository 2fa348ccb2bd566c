"""Accounts and people as contacts tells of them, and what follows here when one changes.

The narrow shape read from each event's `after`:

    contacts.account.*  id, name, external_id, industry, region, grade, addresses, owner_id, team_id
    contacts.contact.*  id, name, title, owner_id, team_id, and what erasing/known_rules.py reads
    contacts.activity.* opportunity_id, status, done_at

of `erased` also erasure_reason and erased_by,

from `merged` and `unmerged`, whose subject is the survivor, `before.merge` with `id` and `source_ids`, and
from a source's `deleted` the survivor (`before.merged_into_id`).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from guanxi_pipeline.privacy.service import hear_erasure
from guanxi_pipeline.references.following import follow_merge, follow_name
from guanxi_pipeline.territories.assigning import BY_THE_SERVICE, assign_accounts
from guanxi_shared.consumers import Consumer, FeedSource
from guanxi_shared.copying import (
    Copies,
    in_runs,
    merge_in,
    noun_of,
    renamed_by,
    verb_of,
    write_closely,
    write_copies,
)
from guanxi_shared.db import Connection
from guanxi_shared.erasing.known_rules import known_by
from guanxi_shared.heard import Event, id_of
from guanxi_shared.imports.named_records import name_key

TYPES: Final = ("contacts.account.*", "contacts.contact.*", "contacts.activity.*")
# A moment still to come would keep a deal from being idle until then.
DONE = """
UPDATE opportunities SET last_activity_at = greatest(last_activity_at, least($3, clock_timestamp()))
WHERE organisation_id = $1 AND id = $2
"""
OF_ACCOUNT: Final = ("external_id", "industry", "region", "grade")
PLACE: Final = ("country", "province", "city")


def _own_of_account(state: Mapping[str, Any]) -> list[Any]:
    place = place_of(state.get("addresses") or ())
    return [*(state.get(name) for name in OF_ACCOUNT), *place, name_key(state.get("name") or "")]


def place_of(addresses: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Country, province and city: of its office, else of the first of its addresses, as somebody wrote it."""
    offices = [each for each in addresses if each.get("kind") == "office"]
    place = next(iter((*offices, *addresses)), {})
    return [place.get("country"), place.get("state"), place.get("city")]


def _recognised_by(state: Mapping[str, Any]) -> list[str]:
    return known_by(state) if state.get("kind") == "person" else []


COPIES: Final = {
    "account": Copies(
        "known_accounts",
        {**dict.fromkeys((*OF_ACCOUNT, *PLACE), "text"), "name_key": "text"},
        _own_of_account,
        _recognised_by,
    ),
    "contact": Copies(
        "known_contacts", {"title": "text"}, lambda state: [state.get("title")], known_by
    ),
}


async def apply_contacts_events(
    connection: Connection, organisation: UUID, events: Sequence[Event], *, files_dir: Path
) -> None:
    """The copies first, then what points to them here; an older version changes nothing."""
    for is_plain, run in in_runs(events):
        if is_plain:
            for noun in COPIES:
                await _follow(
                    connection, organisation, noun, [e for e in run if noun_of(e) == noun]
                )
        for event in run:
            if noun_of(event) == "activity":
                await _note_activity(connection, organisation, event["after"])
            elif not is_plain:
                await _follow_closely(connection, organisation, event, files_dir)


async def _follow(
    connection: Connection, organisation: UUID, noun: str, events: Sequence[Event]
) -> None:
    await write_copies(connection, organisation, COPIES[noun], events)
    if noun == "account":
        changed = (event for event in events if verb_of(event) != "created" and renamed_by(event))
        for id in sorted({id_of(event["subject_id"]) for event in changed}):
            await follow_name(connection, organisation, id)
        told = {id_of(event["subject_id"]) for event in events}
        await assign_accounts(connection, organisation, told, actor=BY_THE_SERVICE)


async def _follow_closely(
    connection: Connection, organisation: UUID, event: Event, files_dir: Path
) -> None:
    noun, verb, id = noun_of(event), verb_of(event), id_of(event["subject_id"])
    if verb == "erased":  # first: the copy says what they are called
        await hear_erasure(connection, organisation, noun, id, event["after"], files_dir)
    await write_closely(connection, organisation, COPIES[noun], event)
    if (merge := merge_in(event)) is not None:
        await follow_merge(connection, organisation, noun, id, merge, verb)
    if noun == "account" and renamed_by(event):
        await follow_name(connection, organisation, id)
    if noun == "account":
        await assign_accounts(connection, organisation, [id], actor=BY_THE_SERVICE)


async def _note_activity(
    connection: Connection, organisation: UUID, state: Mapping[str, Any]
) -> None:
    """Something was done about a deal, and when; what is planned counts for nothing yet."""
    if state.get("status") == "done" and state.get("opportunity_id") and state.get("done_at"):
        done_at = datetime.fromisoformat(str(state["done_at"]))
        await connection.execute(DONE, organisation, id_of(state["opportunity_id"]), done_at)


def contacts_consumer(source: FeedSource, files_dir: Path) -> Consumer:
    """`files_dir` holds the files of imports and exports, in which somebody may be who is erased."""
    apply = partial(apply_contacts_events, files_dir=files_dir)
    return Consumer("contacts", TYPES, source, None, apply_many=apply)
