"""The allow-list of leads: what they show, filter, sort and include."""

from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Boolean, ColumnElement, Table, Text, and_, func, literal_column
from sqlalchemy.dialects.postgresql import ARRAY

from guanxi_pipeline import models
from guanxi_pipeline.leads.rules import OPEN_STATUSES
from guanxi_pipeline.leads.schemas import LeadRead
from guanxi_shared import resources as r
from guanxi_shared.matching import match_key
from guanxi_shared.resources import Field, Resource, Where, fields_of, looked_up
from guanxi_shared.search import found_in, tagged

LEAD: Final[Table] = models.Lead.metadata.tables["leads"]
HIDDEN = ("score_reasons", "scored_at", "claimed_at", "conversion_id", "erased_at")


def is_open() -> ColumnElement[bool]:
    """Spelt as the partial indexes spell it."""
    listed = ", ".join(f"'{status}'" for status in OPEN_STATUSES)
    return literal_column(f"leads.status IN ({listed})", Boolean)


def _overdue(operator: str, value: Any, bind: Any) -> ColumnElement[bool]:
    """Nobody has answered in time; `overdue=false` is everything else."""
    late = and_(
        LEAD.c.first_response_due_at.is_not(None),
        LEAD.c.first_response_due_at < func.now(),
        LEAD.c.first_responded_at.is_(None),
        is_open(),
    )
    # The text is kept whatever is asked for; Postgres makes `x = true` an `x`.
    asked: ColumnElement[bool] = late == bind(value, Boolean)
    return asked


def _keyed(field: str) -> Where:
    """By the match key of an address or a number, however that is spelt."""

    def where(operator: str, value: Any, bind: Any) -> ColumnElement[bool]:
        values = value if isinstance(value, list) else [value]
        keys = [key for each in values if (key := match_key(field, each)) is not None]
        words = models.LEAD_SEARCH
        return found_in(LEAD, words, words.c.match_keys.op("&&")(bind(keys, ARRAY(Text))))

    return where


def _fields() -> dict[str, Field]:
    fields = fields_of(LEAD, hidden=HIDDEN)
    keys = {"emails": "address", "phones": "e164", "consents": "channel"}
    for name, key in keys.items():
        fields[name] = replace(fields[name], key=key)
    for name in ("custom", "answers"):
        fields[name] = replace(fields[name], kind=r.OBJECT)
    fields["tags"] = replace(fields["tags"], where=tagged(LEAD, models.LEAD_SEARCH))
    looked = [
        looked_up("email", r.TEXT, LEAD, _keyed("email")),
        looked_up("phone", r.TEXT, LEAD, _keyed("phone")),
        looked_up("overdue", r.BOOLEAN, LEAD, _overdue, only=("eq",)),
    ]
    return fields | {field.name: field for field in looked}


LEADS: Resource = Resource(
    name="leads",
    noun="lead",
    service="pipeline",
    table=LEAD,
    fields=_fields(),
    search=models.LEAD_SEARCH,
    has_documents=True,
    model=LeadRead,
)
