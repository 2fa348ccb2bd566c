"""Exit criteria with a filter: a search document over opportunities, asked of one record."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement

from guanxi_pipeline.opportunities.resources import OPPORTUNITIES
from guanxi_shared import filters
from guanxi_shared.calls import Call
from guanxi_shared.errors import Invalid, Malformed
from guanxi_shared.filters import Binder


async def criterion_condition(
    call: Call, criterion: Mapping[str, Any], bind: Binder
) -> ColumnElement[bool] | None:
    """What the filter of a criterion means now; Malformed when it means nothing (any more)."""
    fields = await call.custom_fields.extend(call.organisation, OPPORTUNITIES)
    groups = filters.groups_from_document(criterion["filter_groups"], fields, call.clock)
    return filters.compile_groups(await filters.prepared(call, groups), bind)


async def check_criteria(call: Call, stages: Sequence[Mapping[str, Any]]) -> None:
    """Every filter must mean something today; Invalid names the stage and the criterion."""
    for index, stage in enumerate(stages):
        for number, criterion in enumerate(stage["exit_criteria"]):
            if not criterion.get("filter_groups"):
                continue
            try:
                await criterion_condition(call, criterion, Binder())
            except Malformed as problem:
                where = f"stages.{index}.exit_criteria.{number}.filter_groups"
                reasons = " ".join(problem.errors.values())
                raise Invalid(
                    f"{where}: {problem.detail}", errors={where: reasons or problem.detail}
                ) from problem
