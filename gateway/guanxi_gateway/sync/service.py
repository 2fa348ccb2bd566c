"""Pull and push of phones over all services: WatermelonDB's protocol, composed."""

import contextlib
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from guanxi_gateway.identity.devices.service import refuse_wiped, see_device
from guanxi_gateway.sync import cursors, deletions, rules
from guanxi_gateway.sync.asking import Answers, Services
from guanxi_gateway.sync.cursors import Found
from guanxi_gateway.sync.rules import Changes, Migration
from guanxi_shared.calls import Call
from guanxi_shared.errors import Conflict, Forbidden

FIRST: Final = "contacts"  # whose records the others name


class PullFirst(Conflict):
    code, title = "pull_first", "Others were quicker"


def user_of(call: Call) -> UUID:
    if call.by.user_id is None:
        raise Forbidden("Only people have phones.")
    return call.by.user_id


async def pull(
    call: Call, services: Services, cursor: int | None, *, device: str | None, migration: Migration
) -> dict[str, Any]:
    """Everything since the cursor; all there is for a first sync, and with `experimentalStrategy` where
    the cursor stands for nothing any more."""
    await refuse_wiped(call.db, call.by, device)
    found = await cursors.find(call.db, call.organisation, user_of(call), cursor)
    if found.has_deletions:
        await _complete_deletions(call, services, found, device)
    answers = await _changes(call, services, found, device, migration)
    is_anew = cursor is not None and found.standings is None
    if any("expired" in answer for answer in answers.values()):
        is_anew = True
        blank = Found(None, {}, found.records, found.activity_days)
        answers = await _changes(call, services, blank, device, migration)
    timestamp = await _next_cursor(call, cursor, device, found, answers)
    await see_device(
        call.db, call.by, device, pulled=True
    )  # a wipe meanwhile: nothing is handed out
    changes = rules.empty()
    for answer in answers.values():
        changes.update(answer["changes"])
    more = {"experimentalStrategy": "replacement"} if is_anew else {}
    return {"changes": changes, "timestamp": timestamp, **more}


async def _changes(
    call: Call, services: Services, found: Found, device: str | None, migration: Migration
) -> Answers:
    def part(name: str) -> dict[str, Any]:
        own = rules.TABLES[name]
        standings = found.standings
        return {
            "standing": standings.get(name) if standings is not None else None,
            "whose": found.records,
            "days": found.activity_days,
            "device_id": device,
            "again": rules.part_of(found.again, name),
            "tables": [table for table in migration.tables if table in own],
            "columns": {t: list(c) for t, c in migration.columns.items() if t in own},
        }

    return await services.each(call, "changes", {name: part(name) for name in services.names})


async def _next_cursor(
    call: Call, cursor: int | None, device: str | None, found: Found, answers: Answers
) -> int:
    """The old one, moved on, where there is nothing new."""
    standings = {name: answer["standing"] for name, answer in answers.items()}
    user = user_of(call)
    is_quiet = cursor is not None and found.standings is not None and not found.again
    if is_quiet and all(
        answer["is_same_sight"] and rules.is_nothing(answer["changes"])
        for answer in answers.values()
    ):
        assert cursor is not None
        if await cursors.move(call.db, call.organisation, user, cursor, standings):
            return cursor
    return await cursors.keep(call.db, call.organisation, user, device, standings, after=cursor)


async def push(
    call: Call, services: Services, cursor: int | None, changes: Changes, *, device: str | None
) -> dict[str, Any]:
    """Everything or, with PullFirst, nothing; ids that a rule refuses are named.

    Every service looks first. Then contacts writes, whose records the others name, and the others. What
    ends in between is completed by the same push once more: what is written already is identical."""
    await refuse_wiped(call.db, call.by, device)
    found = await cursors.find(call.db, call.organisation, user_of(call), cursor)
    parts = {
        name: _part(found, name, part, device)
        for name in services.names
        if (part := rules.part_of(changes, name))
    }
    checked = await services.each(call, "check", parts)
    await _refuse_conflicts(call, cursor, found, checked)
    note = await _noted_deletions(call, parts, device)
    first = {name: part for name, part in parts.items() if name == FIRST}
    applied = await services.each(call, "apply", first)
    if note is not None and any(answer["conflicts"] for answer in applied.values()):
        await deletions.done(call.db, call.organisation, note)
    await _refuse_conflicts(call, cursor, found, applied)
    rejected = [answer["rejected"] for answer in applied.values()]
    gone = applied[FIRST]["gone"] if applied else {}
    rest = _with_gone({n: p for n, p in parts.items() if n != FIRST}, gone, found, services, device)
    applied = await services.each(call, "apply", rest)
    await _refuse_conflicts(call, cursor, found, applied)
    if note is not None:
        await deletions.done(call.db, call.organisation, note)
    rejected += [answer["rejected"] for answer in applied.values()]
    refused = rules.merged(rejected)
    await see_device(call.db, call.by, device, pulled=False)
    return {"experimentalRejectedIds": refused} if refused else {}


async def _noted_deletions(call: Call, parts: Mapping[str, Any], device: str | None) -> UUID | None:
    """The note of what the first service is asked to delete; None for nothing."""
    part = deletions.deletions_in(parts[FIRST]) if FIRST in parts else {}
    if not part:
        return None
    return await deletions.note(call.db, call.organisation, user_of(call), device, part)


async def _complete_deletions(
    call: Call, services: Services, found: Found, device: str | None
) -> None:
    """What a push deleted in one service and, since something ended, not what belongs to it in another. What
    its user may not delete any more stays."""
    for id, part in await deletions.left(call.db, call.organisation, user_of(call), device):
        with contextlib.suppress(Forbidden):
            await _delete_again(call, services, found, part)
        await deletions.done(call.db, call.organisation, id)


async def _delete_again(
    call: Call, services: Services, found: Found, part: Mapping[str, Any]
) -> None:
    answer = await services.one(call, FIRST, "apply", part)
    if answer["conflicts"]:
        part = deletions.without(part, answer["conflicts"])
        answer = await services.one(call, FIRST, "apply", part)
    rest = _with_gone({}, answer["gone"], found, services, part["device_id"])
    await services.each(call, "apply", rest)


def _with_gone(
    parts: dict[str, Any], gone: Mapping[str, Any], found: Found, services: Services,
    device: str | None,
) -> dict[str, Any]:  # fmt: skip
    """What was deleted takes along what belongs to it elsewhere, also where nothing else is to do."""
    if not gone:
        return parts
    others = [name for name in services.names if name != FIRST]
    return {
        name: {**parts.get(name, _part(found, name, {}, device)), "gone": gone} for name in others
    }


def _part(
    found: Found, name: str, changes: Mapping[str, Any], device: str | None
) -> dict[str, Any]:
    standings = found.standings
    return {
        "standing": standings.get(name) if standings is not None else None,
        "device_id": device,
        "changes": changes,
    }


async def _refuse_conflicts(call: Call, cursor: int | None, found: Found, answers: Answers) -> None:
    conflicts = rules.merged([answer["conflicts"] for answer in answers.values()])
    if not conflicts:
        return
    if cursor is not None and found.standings is not None:
        await cursors.tell_again(call.db, call.organisation, user_of(call), cursor, conflicts)
    raise PullFirst(
        "Some of these records changed since the last pull; pull, then push again.",
        conflicts=conflicts,
    )
