"""Accounts and the territory that each is in, as both were known at the moment asked for: of those territories that the
caller may see. An account has one row at most."""

from typing import Any, Final

from sqlalchemy import Boolean, Column, DateTime, Uuid, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY

from guanxi_shared import resources as r
from guanxi_shared.resources import Field
from guanxi_shared.visibility import Scope

TERRITORY_ID: Final = "territory_id"
SQL: Final = """
SELECT m.account_id, m.territory_id FROM territory_account_facts m JOIN territory_facts t ON t.subject_id = m.territory_id
WHERE m.organisation_id = :organisation AND m.recorded_at <= coalesce(:as_of, 'infinity')
  AND (m.ended_at IS NULL OR m.ended_at > coalesce(:as_of, 'infinity'))
  AND t.organisation_id = :organisation AND t.recorded_at <= coalesce(:as_of, 'infinity')
  AND (t.ended_at IS NULL OR t.ended_at > coalesce(:as_of, 'infinity'))
  AND (:all_territories OR t.owner_id = ANY(:territory_owners) OR t.team_id = ANY(:territory_teams)
    OR t.subject_id = ANY(:territories_shared))
"""
GIVEN: Final = (
    bindparam("organisation", type_=Uuid), bindparam("as_of", type_=DateTime(timezone=True)),
    bindparam("all_territories", type_=Boolean),
    *(bindparam(name, type_=ARRAY(Uuid)) for name in ("territory_owners", "territory_teams", "territories_shared")),
)  # fmt: skip
TERRITORY_ROWS: Final[Any] = (
    text(SQL)
    .bindparams(*GIVEN)
    .columns(Column("account_id", Uuid), Column(TERRITORY_ID, Uuid))
    .subquery("territory_rows")
)
_ID: Final[Any] = TERRITORY_ROWS.c.territory_id
TERRITORY_FIELD: Final = Field(TERRITORY_ID, r.ID, _ID, _ID, (), is_shown=False)


def seen_territories(scope: Scope) -> dict[str, Any]:
    """Which territories somebody may see; see SQL."""
    return {
        "all_territories": scope.everything, "territory_owners": list(scope.owners),
        "territory_teams": list(scope.teams), "territories_shared": list(scope.shared),
    }  # fmt: skip
