"""The allow-list of pipelines; their stages are rows of their own."""

from typing import Any, Final

from sqlalchemy import ColumnElement, Table, Text, cast, func, select, text
from sqlalchemy import Float as Number
from sqlalchemy.dialects.postgresql import aggregate_order_by

from guanxi_pipeline import models
from guanxi_pipeline.pipelines.schemas import PipelineRead
from guanxi_shared import resources as r
from guanxi_shared.resources import Field, Resource, fields_of

METADATA = models.Pipeline.metadata
PIPELINE: Final[Table] = METADATA.tables["pipelines"]
STAGE: Final[Table] = METADATA.tables["stages"]
SHOWN = (
    "name",
    "kind",
    "forecast_category",
    "max_days",
    "required_fields",
    "exit_criteria",
    "guidance",
)
EMPTY = text("'[]'::jsonb")


def _stages() -> ColumnElement[Any]:
    """The stages of a pipeline as the API shows them, in their order."""
    shown: list[Any] = [
        "id",
        cast(STAGE.c.id, Text),
        "probability",
        cast(STAGE.c.probability, Number),
    ]
    for name in SHOWN:
        shown += [name, STAGE.c[name]]
    ordered = aggregate_order_by(func.jsonb_build_object(*shown), STAGE.c.position)
    listed = select(func.coalesce(func.jsonb_agg(ordered), EMPTY)).where(
        STAGE.c.organisation_id == PIPELINE.c.organisation_id,
        STAGE.c.pipeline_id == PIPELINE.c.id,
        STAGE.c.removed_at.is_(None),
    )
    return listed.correlate(PIPELINE).scalar_subquery()


_shown = _stages()
PIPELINES: Resource = Resource(
    name="pipelines",
    noun="pipeline",
    service="pipeline",
    table=PIPELINE,
    fields={
        **fields_of(PIPELINE),
        "stages": Field("stages", r.OBJECTS, _shown, _shown, (), is_filtered=False),
    },
    computed=frozenset({"stages"}),
    is_owned=False,
    model=PipelineRead,
)
