"""The flags of `flag_rules` as conditions, for `flag=overdue` in lists; a test holds the two together.

Days are the organisation's own: its time zone is in the directory.
"""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Table,
    Text,
    and_,
    any_,
    cast,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from guanxi_pipeline import models
from guanxi_pipeline.opportunities.flag_rules import FLAGS, SLIP_DAYS, SLIPS
from guanxi_shared.errors import Malformed
from guanxi_shared.filters import Condition
from guanxi_shared.selects import of_organisation

METADATA = models.Opportunity.metadata
DEAL: Final[Table] = METADATA.tables["opportunities"]
STAGE: Final[Table] = METADATA.tables["stages"]
PIPELINE: Final[Table] = METADATA.tables["pipelines"]
STATE: Final[Table] = METADATA.tables["directory_state"]


def _days_since(moment: ColumnElement[Any]) -> ColumnElement[Any]:
    """Whole days, as a difference of Python's datetimes counts them."""
    return func.floor(func.extract("epoch", func.now() - moment) / 86400)


def _of(table: Table, column: str, key: ColumnElement[Any]) -> ColumnElement[Any]:
    found = select(table.c[column]).where(
        table.c.organisation_id == DEAL.c.organisation_id, table.c.id == key
    )
    return found.correlate(DEAL).scalar_subquery()


def _today() -> ColumnElement[Any]:
    """Asked once a statement: the organisation is the caller's, not each row's."""
    zone = select(STATE.c.time_zone).where(of_organisation(STATE))
    local = func.timezone(func.coalesce(zone.scalar_subquery(), "UTC"), func.now())
    return cast(local, DEAL.c.close_on.type)


_slip = DEAL.c.close_on - DEAL.c.first_close_on
_touched = func.greatest(DEAL.c.updated_at, DEAL.c.last_activity_at)
CONDITIONS: Final[Mapping[str, ColumnElement[bool]]] = {
    "overdue": DEAL.c.close_on < _today(),
    "slipping": and_(_slip > 0, or_(DEAL.c.close_on_moves >= SLIPS, _slip > SLIP_DAYS)),
    "stuck": _days_since(DEAL.c.stage_entered_at) > _of(STAGE, "max_days", DEAL.c.stage_id),
    "idle": _days_since(_touched) > _of(PIPELINE, "idle_days", DEAL.c.pipeline_id),
}


async def known_flags(asker: Any, item: Condition) -> Condition:
    """Looked at before anything is answered: what streams its answer cannot take it back."""
    names = item.value if isinstance(item.value, list) else [item.value]
    if unknown := [name for name in names if name not in FLAGS]:
        raise Malformed(
            f"There is no flag {unknown[0][:80]!r}.",
            errors={"flag": f"Choose of {', '.join(FLAGS)}."},
            code="bad_value",
        )
    return item


def flagged(operator: str, value: Any, bind: Any) -> ColumnElement[bool]:
    """Any of the flags; the text is one for all values."""
    names = value if isinstance(value, list) else [value]
    wanted = bind(names, ARRAY(Text))
    alternatives = [
        and_(any_(wanted) == literal_column(f"'{name}'"), condition)
        for name, condition in CONDITIONS.items()
    ]
    return and_(DEAL.c.status == literal_column("'open'"), or_(*alternatives))
