"""The statements of sync: the whole set, what changed since a position, and what stands of some ids."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from guanxi_shared.sync.sights import Sight
from guanxi_shared.sync.tables import SyncTable

Statement = tuple[str, list[Any]]
GONE: Final = r"\.(deleted|erased)$"


@dataclass(slots=True)
class Given:
    """Values on their way into a statement: `given(value, "uuid[]")` is how it reads them."""

    values: list[Any] = field(default_factory=list)

    def __call__(self, value: Any, kind: str) -> str:
        self.values.append(value)
        return f"${len(self.values)}::{kind}"


def columns_of(table: SyncTable) -> str:
    return ", ".join(f'{cell.sql} AS "{name}"' for name, cell in table.cells.items())


def covered(given: Given, sight: Sight, row: str, key: str) -> str:
    """Whether a row with owner and team is in view; null means no."""
    if sight.everything:
        return "true"
    parts = []
    if len(sight.owners) == 1:
        parts.append(f"{row}.owner_id = {given(sight.owners[0], 'uuid')}")
    elif sight.owners:
        parts.append(f"{row}.owner_id = ANY({given(list(sight.owners), 'uuid[]')})")
    if sight.teams:
        parts.append(f"{row}.team_id = ANY({given(list(sight.teams), 'uuid[]')})")
    if sight.shared:
        parts.append(f"{row}.{key} = ANY({given(list(sight.shared), 'uuid[]')})")
    return f"({' OR '.join(parts)})" if parts else "false"


def in_view(given: Given, table: SyncTable, sight: Sight) -> str:
    """The same of a stored row `t`, with the further bounds of its table."""
    parts = [table.where, covered(given, sight, "t", table.key)]
    if table.recent is not None and sight.since is not None:
        parts.append(f"{table.recent} >= {given(sight.since, 'timestamptz')}")
    if table.inner is not None and not sight.inner:
        parts.append(f"NOT {table.inner}")
    return f"({' AND '.join(parts)})"


def whole(table: SyncTable, organisation: UUID, sight: Sight) -> Statement:
    """Every row in view."""
    given = Given()
    own = given(organisation, "uuid")
    seen = in_view(given, table, sight)
    return (
        f"SELECT t.id::text AS id, {columns_of(table)} FROM {table.rows} AS t"
        f" WHERE t.organisation_id = {own} AND t.deleted_at IS NULL AND {seen}",
        given.values,
    )


@dataclass(frozen=True, slots=True)
class Since:
    """Who asks from where: the position of their cursor, and what they saw there; `ahead` are the ids of
    what they got then although its event had no position yet."""

    organisation: UUID
    user_id: UUID | None
    device_id: str | None
    position: int
    before: Sight
    now: Sight
    again: Sequence[UUID] = ()
    ahead: Sequence[UUID] = ()


def news(table: SyncTable, asked: Since) -> Statement:
    """What became of the table since a position. Of each id: whether it is in view now (`_seen`, then
    with its columns), whether the phone held it (`_held`), and whether its own device made it (`_own`).

    Held is what was in view at the position: the last event up to it says whose it was then; and what
    was given out ahead of its position. Beside what was logged since, or has no position yet, all that
    came into view or left it by itself."""
    given = Given()
    own = given(asked.organisation, "uuid")
    position = given(asked.position, "bigint")
    nouns = given(list(table.nouns), "text[]")
    marked = [_said(given, table, asked, own, position, nouns)]
    again = given(list(asked.again), "uuid[]")
    marked.append(f"SELECT id, NULL, true FROM unnest({again}) AS id")
    if table.parent:
        marked.append(_moved(given, table, own, position))
    candidates = [_logged(given, table, asked, own, position)]
    if asked.before != asked.now:
        candidates += _crossing(given, table, asked, own)
    device = given(asked.device_id, "text")
    seen = in_view(given, table, asked.now)
    sql = f"""
WITH marked AS (
  SELECT id, max(first) AS first, bool_or(heard) AS heard FROM ({" UNION ALL ".join(marked)}) AS each GROUP BY id
), candidates AS ({" UNION ALL ".join(candidates)})
SELECT c.id::text AS id, t.id IS NOT NULL AS _seen, c.held AS _held, made.device_id = {device} AS _own, {columns_of(table)}
FROM candidates AS c
LEFT JOIN {table.rows} AS t ON t.organisation_id = {own} AND t.id = c.id AND t.deleted_at IS NULL AND {seen}
LEFT JOIN sync_makers AS made ON made.organisation_id = {own} AND made.id = c.id
WHERE t.id IS NOT NULL OR c.held OR c.heard"""
    return sql, given.values


def _said(given: Given, table: SyncTable, asked: Since, own: str, position: str, nouns: str) -> str:
    """What was logged of rows themselves. Heard of: what the caller did, and what anybody did to what
    they saw then or see now."""
    me = given(asked.user_id, "uuid")
    key = "subject_id"
    heard = f"e.actor_id = {me} OR {covered(given, asked.before, 'e', key)} OR {covered(given, asked.now, 'e', key)}"
    columns = "subject_id, version, actor_id, owner_id, team_id"
    where = f"organisation_id = {own} AND subject_type = ANY({nouns})"
    return f"""
SELECT e.subject_id AS id, min(e.version) AS first, bool_or(({heard}) IS TRUE) AS heard FROM (
  SELECT {columns} FROM events WHERE {where} AND position > {position}
  UNION ALL SELECT {columns} FROM events WHERE {where} AND position IS NULL
) AS e GROUP BY e.subject_id"""


def _moved(given: Given, table: SyncTable, own: str, position: str) -> str:
    """Rows whose parent may have come into view or left it."""
    noun, fields = given(table.parent_noun, "text"), given(list(table.parent_changes), "text[]")
    return f"""
SELECT c.id, NULL::bigint, false FROM {table.rows} AS c WHERE c.organisation_id = {own} AND c.{table.parent} IN (
  SELECT subject_id FROM events WHERE organisation_id = {own} AND subject_type = {noun}
    AND (position > {position} OR position IS NULL)
    AND (changed && {fields} OR type ~ '\\.(deleted|restored|erased)$'))"""


def _logged(given: Given, table: SyncTable, asked: Since, own: str, position: str) -> str:
    """Held: in view at the position, which what was made since was not, unless it was given out ahead."""
    ahead = given(list(asked.ahead), "uuid[]")
    parent = "m.id"
    if table.parent:
        now = f"(SELECT x.{table.parent} FROM {table.rows} AS x WHERE x.organisation_id = {own} AND x.id = m.id)"
        parent = f"coalesce({_parent_then(table, own, position, 'm.id')}, {now})"
    before = covered(given, asked.before, "p", "subject_id")
    return f"""
SELECT m.id, m.id = ANY({ahead}) OR (m.first IS DISTINCT FROM 1 AND coalesce(prior.held, false)) AS held, m.heard
FROM marked AS m LEFT JOIN LATERAL (
  SELECT ({before}) AND p.type !~ '{GONE}' AS held FROM events AS p
  WHERE p.organisation_id = {own} AND p.subject_id = {parent} AND p.position <= {position}
  ORDER BY p.version DESC LIMIT 1) AS prior ON true"""


def _parent_then(table: SyncTable, own: str, position: str, id: str) -> str:
    """What a part belonged to at the position: it may have come to another record since."""
    return (
        f"(SELECT (q.after->>'{table.parent}')::uuid FROM events AS q WHERE q.organisation_id = {own}"
        f" AND q.subject_id = {id} AND q.position <= {position} ORDER BY q.version DESC LIMIT 1)"
    )


def _crossing(given: Given, table: SyncTable, asked: Since, own: str) -> list[str]:
    """What is in view now and was not, and the other way round, among what was not changed."""
    found = []
    for seen, unseen, held in (
        (asked.now, asked.before, "false"),
        (asked.before, asked.now, "true"),
    ):
        found.append(
            f"SELECT t.id, {held}, {held} FROM {table.rows} AS t WHERE t.organisation_id = {own}"
            f" AND t.deleted_at IS NULL AND {in_view(given, table, seen)}"
            f" AND ({in_view(given, table, unseen)}) IS NOT TRUE AND t.id NOT IN (SELECT id FROM marked)"
        )
    return found


def standing(table: SyncTable, asked: Since, ids: Sequence[UUID]) -> Statement:
    """What is stored under some ids, whoever's it is: deleted or not, in view or not, changed since."""
    given = Given()
    own = given(asked.organisation, "uuid")
    position = given(asked.position, "bigint")
    before = covered(given, asked.before, "p", "subject_id")
    me = given(asked.user_id, "uuid")
    seen = covered(given, asked.now, "t", table.key)
    wanted, nouns = given(list(ids), "uuid[]"), given(list(table.nouns), "text[]")
    kept = "".join(f', {sql} AS "_{name}"' for name, sql in table.kept.items())
    inner = "true" if table.inner is None or asked.now.inner else f"NOT {table.inner}"
    ahead = given(list(asked.ahead), "uuid[]")
    whose = f"t.{table.key}"
    if table.parent:
        whose = f"coalesce({_parent_then(table, own, position, 't.id')}, {whose})"
    since = f"""e.organisation_id = {own} AND e.subject_id = t.id AND e.subject_type = ANY({nouns})
  AND (e.position > {position} OR e.position IS NULL)"""
    sql = f"""
SELECT t.id::text AS id, t.deleted_at IS NOT NULL AS _deleted, (({seen}) AND {inner}) IS TRUE AS _seen,
  EXISTS (SELECT FROM events AS e WHERE {since}) AS _changed,
  EXISTS (SELECT FROM events AS e WHERE {since} AND e.actor_id = {me}) AS _mine,
  t.id = ANY({ahead}) OR coalesce((SELECT {before} FROM events AS p WHERE p.organisation_id = {own}
    AND p.subject_id = {whose} AND p.position <= {position} ORDER BY p.version DESC LIMIT 1), false) AS _held,
  {columns_of(table)}{kept}
FROM {table.rows} AS t WHERE t.organisation_id = {own} AND t.id = ANY({wanted})"""
    return sql, given.values


def following(
    table: SyncTable, organisation: UUID, column: str, ids: Sequence[UUID], sight: Sight
) -> Statement:
    """Rows in view that name one of some records."""
    given = Given()
    own, named = given(organisation, "uuid"), given(list(ids), "uuid[]")
    seen = covered(given, sight, "t", table.key)
    return (
        f"SELECT t.id::text AS id FROM {table.rows} AS t WHERE t.organisation_id = {own}"
        f" AND t.deleted_at IS NULL AND t.{column} = ANY({named}) AND {seen} ORDER BY t.id",
        given.values,
    )
