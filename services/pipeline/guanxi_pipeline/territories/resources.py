"""The allow-lists of territories, of who is told to be in them, and of the accounts listed there."""

from typing import Any, Final

from sqlalchemy import ColumnElement, Table, Uuid, any_, select
from sqlalchemy.dialects.postgresql import ARRAY

from guanxi_pipeline import models
from guanxi_pipeline.territories.schemas import (
    AccountInTerritory,
    TerritoryAccountRead,
    TerritoryRead,
)
from guanxi_shared import resources as r
from guanxi_shared.resources import Field, Resource, fields_of, looked_up

METADATA: Final = models.Territory.metadata
TERRITORY: Final[Table] = METADATA.tables["territories"]
TERRITORY_ACCOUNT: Final[Table] = METADATA.tables["territory_accounts"]
KNOWN: Final[Table] = METADATA.tables["known_accounts"]
TERRITORIES: Resource = Resource(
    name="territories",
    noun="territory",
    service="pipeline",
    table=TERRITORY,
    fields=fields_of(TERRITORY),
    model=TerritoryRead,
)
TERRITORY_ACCOUNTS: Resource = Resource(
    name="territory-accounts",
    noun="territory_account",
    service="pipeline",
    table=TERRITORY_ACCOUNT,
    fields=fields_of(TERRITORY_ACCOUNT, hidden=("pinned_id", "owner_id", "team_id")),
    model=TerritoryAccountRead,
    permitted_as="territories",
    seen_as="territories",
)

_TOLD: Final = TERRITORY_ACCOUNT.c
_IS_PINNED: Final[ColumnElement[Any]] = (
    select(_TOLD.is_pinned)
    .where(_TOLD.organisation_id == KNOWN.c.organisation_id, _TOLD.account_id == KNOWN.c.id)
    .correlate(KNOWN)
    .scalar_subquery()
)


def _in_territory(operator: str, value: Any, bind: Any) -> ColumnElement[bool]:
    ids = bind(value if isinstance(value, list) else [value], ARRAY(Uuid))
    found = select(_TOLD.account_id).where(
        _TOLD.organisation_id == KNOWN.c.organisation_id, _TOLD.territory_id == any_(ids),
        _TOLD.deleted_at.is_(None),
    )  # fmt: skip
    return KNOWN.c.id.in_(found)


IN_TERRITORY: Final = looked_up("territory_id", r.ID, KNOWN, _in_territory)
ACCOUNTS_THERE: Resource = Resource(
    name="accounts-of-territories",
    noun="account",
    service="pipeline",
    table=KNOWN,
    fields={
        **fields_of(KNOWN, hidden=("name_key", "known_by", "merged_into_id", "version")),
        "is_pinned": Field(
            "is_pinned", r.BOOLEAN, _IS_PINNED, _IS_PINNED, (), is_nullable=False, is_filtered=False
        ),
    },
    model=AccountInTerritory,
    permitted_as="accounts",
    seen_as="accounts",
)
