"""The allow-list of opportunities: what they show, filter, sort and include."""

from dataclasses import replace
from typing import Any, Final

from sqlalchemy import ColumnElement, Table, Text, any_, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from guanxi_pipeline import models
from guanxi_pipeline.opportunities.flag_sql import flagged, known_flags
from guanxi_pipeline.opportunities.schemas import OpportunityRead
from guanxi_shared import resources as r
from guanxi_shared.copies import by_copied, shown_copy
from guanxi_shared.resources import Field, Include, Resource, fields_of, looked_up, overlaps
from guanxi_shared.search import tagged
from guanxi_shared.visibility import Scope

METADATA = models.Opportunity.metadata
OPPORTUNITY: Final[Table] = METADATA.tables["opportunities"]
ACCOUNT: Final[Table] = METADATA.tables["known_accounts"]
OF_ACCOUNT: Final = ("name", "industry", "region", "grade")
STAGE: Final[Table] = METADATA.tables["stages"]
HIDDEN = ("rank", "contact_ids", "product_ids")


def _in_stage_named(operator: str, value: Any, bind: Any) -> ColumnElement[bool]:
    names = bind(value if isinstance(value, list) else [value], ARRAY(Text))
    named = select(STAGE.c.id).where(
        STAGE.c.organisation_id == OPPORTUNITY.c.organisation_id, STAGE.c.name == any_(names)
    )
    return OPPORTUNITY.c.stage_id.in_(named)


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
        looked_up("contact_id", r.ID, OPPORTUNITY, overlaps(OPPORTUNITY.c.contact_ids)),
        looked_up("product_id", r.ID, OPPORTUNITY, overlaps(OPPORTUNITY.c.product_ids)),
        looked_up("stage", r.TEXT, OPPORTUNITY, _in_stage_named),
        looked_up("flag", r.TEXT, OPPORTUNITY, flagged, prepare=known_flags),
        *(
            looked_up(
                f"account_{name}",
                r.TEXT,
                OPPORTUNITY,
                by_copied(OPPORTUNITY.c.account_id, ACCOUNT.c[name]),
            )
            for name in OF_ACCOUNT
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
        "account": Include(
            "account",
            shown_copy(OPPORTUNITY.c.account_id, ACCOUNT, OF_ACCOUNT, prefix="account"),
            "accounts",
        ),
        "stage": Include("stage", _stage, "opportunities"),
    },
    search=models.OPPORTUNITY_SEARCH,
    has_documents=True,
    model=OpportunityRead,
)
