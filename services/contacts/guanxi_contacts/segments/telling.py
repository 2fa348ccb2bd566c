"""Accounts in segments, as they were told: one statement finds who came in and who left since the last time, keeps that
and tells exactly it.

`segment_accounts` is what was told. A member that is told twice at the same moment is told once: whoever comes second
finds the row as it should be. Segments that are deleted stay told: their own event says that they are gone.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, any_, false, select
from sqlalchemy.dialects.postgresql import ARRAY

from guanxi_contacts.resources import ACCOUNT
from guanxi_contacts.segments.meaning import Build
from guanxi_shared import events
from guanxi_shared.calls import Actor
from guanxi_shared.db import Connection
from guanxi_shared.filters import Binder
from guanxi_shared.statements import compile_after_binding

# `meant` gives segment and account of who is in, `among` narrows what was told. EXCEPT and ids in an array, because joins
# of what Postgres takes for few rows and is a hundred thousand go on for minutes. Rows are locked in the order of their ids: a
# merge tells of an account while segments are looked at.
PATIENT_SECONDS: Final = 70.0  # how long a statement may take is for Postgres to say
OWN: Final = ("organisation", "at", "by", "kind", "channel", "request", "trace")
TELL: Final = """
WITH unused AS (SELECT $1::text), meant AS MATERIALIZED ({meant}), told AS MATERIALIZED (
  SELECT k.segment_id, k.account_id FROM segment_accounts k
  WHERE k.organisation_id = {organisation}::uuid AND k.deleted_at IS NULL AND {among}
), gone AS (
  SELECT * FROM told EXCEPT SELECT * FROM meant
), came AS (
  SELECT * FROM meant EXCEPT SELECT * FROM told
), held AS MATERIALIZED (
  SELECT k.id FROM segment_accounts k WHERE k.organisation_id = {organisation}::uuid AND k.deleted_at IS NULL
    AND k.id = ANY(ARRAY(SELECT md5(g.segment_id::text || g.account_id::text)::uuid FROM gone g))
  ORDER BY k.id FOR NO KEY UPDATE
), leaving AS (
  UPDATE segment_accounts k SET version = k.version + 1, updated_at = {at}::timestamptz, deleted_at = {at}::timestamptz
  FROM held WHERE k.organisation_id = {organisation}::uuid AND k.id = held.id AND k.deleted_at IS NULL RETURNING k.*
), coming AS (
  INSERT INTO segment_accounts AS k
    (organisation_id, id, segment_id, account_id, owner_id, team_id, version, created_at, updated_at)
  SELECT {organisation}::uuid, md5(m.segment_id::text || m.account_id::text)::uuid, m.segment_id, m.account_id, s.owner_id, s.team_id,
    1, {at}::timestamptz, {at}::timestamptz
  FROM came m JOIN segments s ON s.organisation_id = {organisation}::uuid AND s.id = m.segment_id
  ORDER BY 2
  ON CONFLICT (organisation_id, id) DO UPDATE SET version = k.version + 1, updated_at = excluded.updated_at,
    deleted_at = NULL, owner_id = excluded.owner_id, team_id = excluded.team_id
  WHERE k.deleted_at IS NOT NULL RETURNING k.*
)
INSERT INTO events ({names})
SELECT c.organisation_id, gen_random_uuid(), 'contacts.segment_member.' || c.verb, 'segment_member', c.id, c.version, {by}::uuid,
  {kind}::text, {channel}::text, '{{}}'::text[], c.before, jsonb_build_object('id', c.id, 'segment_id', c.segment_id,
    'account_id', c.account_id, 'version', c.version, 'created_at', {made}, 'updated_at', {changed}),
  c.owner_id, c.team_id, {request}::text, {trace}::text, c.updated_at
FROM (SELECT *, 'deleted' AS verb, '{{}}'::jsonb AS before FROM leaving UNION ALL SELECT *, 'created', NULL FROM coming) AS c
ORDER BY c.id
"""
AS_SHOWN: Final = (
    """to_char(c.{} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""  # as JSON shows times
)
# Of frozen segments: who is in does not depend on anything but themselves and whether they are there.
IN_FROZEN: Final = """
SELECT m.segment_id, m.member_id AS account_id FROM segment_members m
JOIN segments s ON s.organisation_id = m.organisation_id AND s.id = m.segment_id AND s.resource = 'accounts'
JOIN accounts a ON a.organisation_id = m.organisation_id AND a.id = m.member_id AND a.deleted_at IS NULL
WHERE m.organisation_id = $2::uuid AND m.member_id = ANY($3::uuid[])
"""
OF_ACCOUNTS: Final = """
k.account_id = ANY($3::uuid[]) AND (
  EXISTS (SELECT FROM segments s WHERE s.organisation_id = k.organisation_id AND s.id = k.segment_id AND s.kind = 'frozen')
  OR NOT EXISTS (SELECT FROM accounts a WHERE a.organisation_id = k.organisation_id AND a.id = k.account_id
    AND a.deleted_at IS NULL))
"""
HAND_OVER: Final = """
UPDATE segment_accounts SET owner_id = $3, team_id = $4 WHERE organisation_id = $1 AND segment_id = $2
"""


def nobody(bind: Binder) -> ColumnElement[bool]:
    """What a document means that means nothing any more."""
    return false()


async def tell_segment(
    connection: Connection, organisation: UUID, segment_id: UUID, build: Build, *, actor: Actor,
    ids: Sequence[UUID] | None = None,
) -> int:  # fmt: skip
    """What changed among the accounts of a segment, or among those of `ids`; how many came in or left."""
    bind = Binder()
    meant = select(bind(segment_id, Uuid).label("segment_id"), ACCOUNT.c.id.label("account_id")).where(
        ACCOUNT.c.organisation_id == bind(organisation, Uuid), ACCOUNT.c.deleted_at.is_(None), build(bind)
    )  # fmt: skip
    if ids is not None:
        meant = meant.where(ACCOUNT.c.id == any_(bind(list(ids), ARRAY(Uuid))))
    compiled = compile_after_binding(meant)
    args = compiled.args(bind.values)
    among = f"k.segment_id = ${len(args) + 2}::uuid"
    more: list[Any] = [segment_id]
    if ids is not None:
        among += f" AND k.account_id = ANY(${len(args) + 3}::uuid[])"
        more.append(list(ids))
    return await _tell(connection, organisation, compiled.sql, among, [*args, *more], actor)


async def tell_accounts(
    connection: Connection, organisation: UUID, ids: Sequence[UUID], *, actor: Actor
) -> int:
    """Accounts that went, came back or were merged: in frozen segments as they are there now, in dynamic ones no more
    if they are gone; what they come into is seen when those are looked at."""
    return await _tell(
        connection, organisation, IN_FROZEN, OF_ACCOUNTS, [organisation, list(ids)], actor
    )


async def hand_over(connection: Connection, segment: Mapping[str, Any]) -> None:
    """Whoever sees a segment sees of which accounts it is told."""
    await connection.execute(
        HAND_OVER, segment["organisation_id"], segment["id"], segment["owner_id"], segment["team_id"]
    )  # fmt: skip


async def _tell(
    connection: Connection, organisation: UUID, meant: str, among: str, args: Sequence[Any],
    actor: Actor,
) -> int:  # fmt: skip
    """The connection is bound already; $1 is unused by the text and keeps the numbering shared."""
    own = (
        organisation,
        datetime.now(UTC),
        actor.id,
        actor.kind,
        actor.channel,
        actor.request_id,
        actor.trace_id,
    )
    places = {name: f"${n}" for n, name in enumerate(OWN, len(args) + 2)}
    sql = TELL.format(
        meant=meant, among=among, names=events.NAMES, made=AS_SHOWN.format("created_at"),
        changed=AS_SHOWN.format("updated_at"), **places,
    )  # fmt: skip
    done: str = await connection.execute(sql, "", *args, *own, timeout=PATIENT_SECONDS)
    return int(done.rpartition(" ")[2])
