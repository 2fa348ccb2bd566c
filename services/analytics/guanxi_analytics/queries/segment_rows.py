"""Accounts and the segments that they are in, as both were known at the moment asked for: of those segments that the caller
may see. An account has a row for each."""

from typing import Any, Final

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    DateTime,
    Uuid,
    any_,
    bindparam,
    func,
    select,
    text,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by

from guanxi_shared import resources as r
from guanxi_shared.resources import Field
from guanxi_shared.visibility import Scope

SEGMENT_ID: Final = "segment_id"
SQL: Final = """
SELECT m.account_id, m.segment_id FROM segment_member_facts m JOIN segment_facts s ON s.subject_id = m.segment_id
WHERE m.organisation_id = :organisation AND m.recorded_at <= coalesce(:as_of, 'infinity')
  AND (m.ended_at IS NULL OR m.ended_at > coalesce(:as_of, 'infinity'))
  AND s.organisation_id = :organisation AND s.recorded_at <= coalesce(:as_of, 'infinity')
  AND (s.ended_at IS NULL OR s.ended_at > coalesce(:as_of, 'infinity'))
  AND (:all_segments OR s.shared_with = 'all' OR s.owner_id = ANY(:segment_owners) OR s.team_id = ANY(:segment_teams)
    OR s.subject_id = ANY(:segments_shared))
"""
GIVEN: Final = (
    bindparam("organisation", type_=Uuid), bindparam("as_of", type_=DateTime(timezone=True)),
    bindparam("all_segments", type_=Boolean),
    *(bindparam(name, type_=ARRAY(Uuid)) for name in ("segment_owners", "segment_teams", "segments_shared")),
)  # fmt: skip


def _rows(name: str) -> Any:
    columns = (Column("account_id", Uuid), Column(SEGMENT_ID, Uuid))
    return text(SQL).bindparams(*GIVEN).columns(*columns).subquery(name)


SEGMENT_ROWS: Final[Any] = _rows("segment_rows")
ASKED_FOR: Final[Any] = _rows("segments_asked_for")  # in conditions, beside the rows themselves
_SIGNED: Final[Any] = _rows("segments_signed")
# All segments of an account as one value.
SIGNATURES: Final[Any] = (
    select(
        _SIGNED.c.account_id,
        func.array_agg(aggregate_order_by(_SIGNED.c.segment_id, _SIGNED.c.segment_id)).label("segments"),
    )
    .group_by(_SIGNED.c.account_id)
    .subquery("signatures")
)  # fmt: skip


def seen_segments(scope: Scope) -> dict[str, Any]:
    """Which segments somebody may see; see SQL."""
    return {
        "all_segments": scope.everything, "segment_owners": list(scope.owners), "segment_teams": list(scope.teams),
        "segments_shared": list(scope.shared),
    }  # fmt: skip


def segment_field(account: ColumnElement[Any]) -> Field:
    """Facts whose account is in a segment, in any of several, in none of them; `is_null`: in none that the caller sees.
    One that they do not see has no members for them."""

    def where(operator: str, value: Any, bind: Any) -> ColumnElement[bool]:
        """EXISTS, which Postgres joins; IN within anything else is looked through anew for each fact."""
        wanted = [ASKED_FOR.c.account_id == account]
        if operator != "is_null":
            ids = value if isinstance(value, list) else [value]
            wanted.append(ASKED_FOR.c.segment_id == any_(bind(ids, ARRAY(Uuid))))
        is_in = select(ASKED_FOR.c.account_id).where(*wanted).correlate_except(ASKED_FOR).exists()
        return ~is_in if operator == "nin" or (operator == "is_null" and value) else is_in

    only = frozenset({"eq", "in", "nin", "is_null"})
    return Field(SEGMENT_ID, r.ID, account, account, (), is_shown=False, where=where, only=only)
