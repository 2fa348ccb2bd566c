"""The allow-list of opportunities: what they show, filter, sort and include."""

from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Table, Text, Uuid, any_, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from guanxi_pipeline import models
from guanxi_pipeline.opportunities.flag_sql import flagged, known_flags
from guanxi_pipeline.opportunities.schemas import OpportunityRead
from guanxi_shared import resources as r
from guanxi_shared.resources import Field, Include, Resource, Where, fields_of, looked_up
from guanxi_shared.search import tagged
from guanxi_shared.visibility import Scope, predicate

METADATA = models.Opportunity.metadata
OPPORTUNITY: Final[Table] = METADATA.tables["opportunities"]
ACCOUNT: Final[Table] = METADATA.tables["known_accounts"]
STAGE: Final[Table] = METADATA.tables["stages"]
HIDDEN = ("rank", "contact_ids", "product_ids")
IDS = ARRAY(Uuid)


def _linked(column: Column[Any]) -> Where:
    """Overlap, which the index over the links serves."""

    def where(operator: str, value: Any, bind: Any) -> ColumnElement[bool]:
        values = value if isinstance(value, list) else [value]
        found: ColumnElement[bool] = column.op("&&")(bind(values, IDS))
        return found

    return where


def _of_account(column: Column[Any]) -> Where:
    """By what is known here of its account (`account_industry=`)."""

    def where(operator: str, value: Any, bind: Any) -> ColumnElement[bool]:
        values = bind(value if isinstance(value, list) else [value], ARRAY(Text))
        known = select(ACCOUNT.c.id).where(
            ACCOUNT.c.organisation_id == OPPORTUNITY.c.organisation_id, column == any_(values)
        )
        return OPPORTUNITY.c.account_id.in_(known)

    return where


def _in_stage_named(operator: str, value: Any, bind: Any) -> ColumnElement[bool]:
    names = bind(value if isinstance(value, list) else [value], ARRAY(Text))
    named = select(STAGE.c.id).where(
        STAGE.c.organisation_id == OPPORTUNITY.c.organisation_id, STAGE.c.name == any_(names)
    )
    return OPPORTUNITY.c.stage_id.in_(named)


def _account(scope: Scope) -> ColumnElement[Any]:
    """`include=account`: what is known here of it, null for those who may not see it."""
    shown = func.jsonb_build_object(
        "id", cast(ACCOUNT.c.id, Text), "name", ACCOUNT.c.name, "industry", ACCOUNT.c.industry,
        "region", ACCOUNT.c.region, "grade", ACCOUNT.c.grade,
    )  # fmt: skip
    found = select(shown).where(
        ACCOUNT.c.organisation_id == OPPORTUNITY.c.organisation_id,
        ACCOUNT.c.id == OPPORTUNITY.c.account_id,
        ACCOUNT.c.deleted_at.is_(None),
        predicate(ACCOUNT, scope, prefix="account"),
    )
    return found.correlate(OPPORTUNITY).scalar_subquery()


def _stage(scope: Scope) -> ColumnElement[Any]:
    """`include=stage`: its name and kind; everybody who reads opportunities may know them."""
    shown = func.jsonb_build_object(
        "id", cast(STAGE.c.id, Text), "name", STAGE.c.name, "kind", STAGE.c.kind
    )
    found = select(shown).where(
        STAGE.c.organisation_id == OPPORTUNITY.c.organisation_id,
        STAGE.c.id == OPPORTUNITY.c.stage_id,
    )
    return found.correlate(OPPORTUNITY).scalar_subquery()


def _fields() -> dict[str, Field]:
    fields = fields_of(OPPORTUNITY, hidden=HIDDEN, money=("amount",))
    for name, key in {"contacts": "role", "lines": "name", "splits": "user_id"}.items():
        fields[name] = replace(fields[name], key=key)
    fields["custom"] = replace(fields["custom"], kind=r.OBJECT)
    # Kept beside the record: an activity is no new version of the deal that it is about.
    fields["last_activity_at"] = replace(fields["last_activity_at"], is_shown=False)
    fields["tags"] = replace(fields["tags"], where=tagged(OPPORTUNITY, models.OPPORTUNITY_SEARCH))
    looked = [
        looked_up("contact_id", r.ID, OPPORTUNITY, _linked(OPPORTUNITY.c.contact_ids)),
        looked_up("product_id", r.ID, OPPORTUNITY, _linked(OPPORTUNITY.c.product_ids)),
        looked_up("stage", r.TEXT, OPPORTUNITY, _in_stage_named),
        looked_up("flag", r.TEXT, OPPORTUNITY, flagged, prepare=known_flags),
        *(
            looked_up(f"account_{name}", r.TEXT, OPPORTUNITY, _of_account(ACCOUNT.c[name]))
            for name in ("name", "industry", "region", "grade")
        ),
    ]
    return fields | {field.name: field for field in looked}


OPPORTUNITIES: Resource = Resource(
    name="opportunities",
    noun="opportunity",
    service="pipeline",
    table=OPPORTUNITY,
    fields=_fields(),
    includes={
        "account": Include("account", _account, "accounts"),
        "stage": Include("stage", _stage, "opportunities"),
    },
    search=models.OPPORTUNITY_SEARCH,
    has_documents=True,
    model=OpportunityRead,
)
