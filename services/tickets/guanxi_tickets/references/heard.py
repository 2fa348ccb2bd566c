"""Accounts and people as contacts tells of them, and what follows here when one changes.

The narrow shape read from each event's `after`:

    contacts.account.*  id, name, external_id, industry, region, grade, parent_id, owner_id, team_id, kind
    contacts.contact.*  id, name, external_id, title, emails, owner_id, team_id

of both what erasing/known_rules.py reads, and of `erased` also erasure_reason and erased_by,

from `merged` and `unmerged`, whose subject is the survivor, `before.merge` with `id` and `source_ids`, and
from a source's `deleted` the survivor (`before.merged_into_id`).
"""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import UUID

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
from guanxi_shared.heard import Event, id_of, maybe_id_of
from guanxi_shared.imports.named_records import name_key
from guanxi_shared.matching import email_key
from guanxi_tickets.privacy.service import hear_erasure
from guanxi_tickets.references.following import follow_merge, follow_names

TYPES: Final = ("contacts.account.*", "contacts.contact.*")
OWN: Final = {
    "account": ("external_id", "industry", "region", "grade", "parent_id"),
    "contact": ("external_id", "title"),
}


def _own_of_account(state: Mapping[str, Any]) -> list[Any]:
    return [*_shown("account", state), name_key(state.get("name") or "")]


def _own_of_contact(state: Mapping[str, Any]) -> list[Any]:
    addresses = [email_key(each["address"]) for each in state.get("emails") or ()]
    return [*_shown("contact", state), name_key(state.get("name") or ""), addresses]


def _shown(noun: str, state: Mapping[str, Any]) -> list[Any]:
    """`external_id` is no id of ours."""
    return [
        maybe_id_of(state.get(name)) if name == "parent_id" else state.get(name)
        for name in OWN[noun]
    ]


def _recognised_by(state: Mapping[str, Any]) -> list[str]:
    return known_by(state) if state.get("kind") == "person" else []


COPIES: Final = {
    "account": Copies(
        "known_accounts",
        {
            **dict.fromkeys(OWN["account"], "text"), "parent_id": "uuid", "name_key": "text",
        },
        _own_of_account,
        _recognised_by,
    ),
    "contact": Copies(
        "known_contacts",
        {**dict.fromkeys(OWN["contact"], "text"), "name_key": "text", "emails": "text[]"},
        _own_of_contact,
        known_by,
    ),
}  # fmt: skip


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
        else:
            for event in run:
                await _follow_closely(connection, organisation, event, files_dir)


async def _follow(
    connection: Connection, organisation: UUID, noun: str, events: Sequence[Event]
) -> None:
    """Tickets may be there before the one they name is known."""
    await write_copies(connection, organisation, COPIES[noun], events)
    renamed = {str(event["subject_id"]) for event in events if renamed_by(event)}
    await follow_names(connection, organisation, noun, renamed)


async def _follow_closely(
    connection: Connection, organisation: UUID, event: Event, files_dir: Path
) -> None:
    noun, verb, id = noun_of(event), verb_of(event), id_of(event["subject_id"])
    if verb == "erased":  # first: the copy says what they are called
        await hear_erasure(connection, organisation, noun, id, event["after"], files_dir)
    await write_closely(connection, organisation, COPIES[noun], event)
    if (merge := merge_in(event)) is not None:
        await follow_merge(connection, organisation, noun, id, merge, verb)
    if renamed_by(event):
        await follow_names(connection, organisation, noun, {str(id)})


def contacts_consumer(source: FeedSource, files_dir: Path) -> Consumer:
    """`files_dir` holds the files of imports and exports, in which somebody may be who is erased."""
    apply = partial(apply_contacts_events, files_dir=files_dir)
    return Consumer("contacts", TYPES, source, None, apply_many=apply)
