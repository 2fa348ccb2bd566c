"""The pipelines of an organisation as every write of an opportunity needs them, read once a second.

A stage that was removed is still among those of its pipeline: what stands in it stands somewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from guanxi_pipeline.errors import NoPipeline, StageNotInPipeline
from guanxi_shared.calls import Call, House
from guanxi_shared.db import Database
from guanxi_shared.remembered import Remembered, remembered

SELECT = """
SELECT p.id, p.name, p.is_default, p.is_active, p.idle_days, p.reopened_by, p.reopen_within_days, p.win_reasons,
  p.loss_reasons, p.deleted_at IS NOT NULL AS is_gone,
  (SELECT jsonb_agg(jsonb_build_object('id', s.id, 'name', s.name, 'kind', s.kind, 'probability', s.probability,
     'forecast_category', s.forecast_category, 'max_days', s.max_days, 'required_fields', s.required_fields,
     'exit_criteria', s.exit_criteria, 'position', s.position, 'is_removed', s.removed_at IS NOT NULL)
     ORDER BY s.position) FROM stages s WHERE s.organisation_id = p.organisation_id AND s.pipeline_id = p.id)::text
  AS stages
FROM pipelines p WHERE p.organisation_id = $2 ORDER BY p.is_default DESC, p.created_at, p.id
"""


@dataclass(frozen=True, slots=True)
class Stage:
    id: UUID
    name: str
    kind: str
    probability: float
    forecast_category: str
    max_days: int | None
    required_fields: tuple[str, ...]
    exit_criteria: tuple[Mapping[str, Any], ...]
    position: int
    is_removed: bool


@dataclass(frozen=True, slots=True)
class Pipeline:
    id: UUID
    name: str
    is_active: bool
    idle_days: int
    reopened_by: str
    reopen_within_days: int | None
    win_reasons: tuple[str, ...]
    loss_reasons: tuple[str, ...]
    is_gone: bool
    stages: Mapping[UUID, Stage]

    @property
    def present(self) -> list[Stage]:
        return [stage for stage in self.stages.values() if not stage.is_removed]

    def first(self, kind: str) -> Stage:
        """The first stage of a kind; a pipeline has one of each."""
        return next(stage for stage in self.present if stage.kind == kind)

    def stage(self, stage_id: UUID) -> Stage:
        found = self.stages.get(stage_id)
        if found is None or found.is_removed:
            raise StageNotInPipeline(
                f"{self.name} has no stage {str(stage_id)!r}.",
                errors={"stage_id": "Choose a stage of the opportunity's pipeline."},
            )
        return found

    def demand_open_to(self, stage: Stage, *, is_there: bool) -> None:
        """A pipeline that is put away takes nothing in, and nothing is reopened in it; one that is
        not in use lets those go on that stand in it."""
        if not self.is_gone and (self.is_active or is_there):
            return
        if not is_there or stage.kind == "open":
            raise StageNotInPipeline(
                f"{self.name} is not in use any more.",
                errors={"stage_id": "Choose a stage of a pipeline that is in use."},
            )


@dataclass(frozen=True, slots=True)
class Known:
    """All of an organisation's pipelines, the default one first."""

    pipelines: Mapping[UUID, Pipeline]

    def has(self, id: UUID) -> bool:
        """Whether a pipeline or a stage is known."""
        return id in self.pipelines or any(id in each.stages for each in self.pipelines.values())

    @property
    def usable(self) -> list[Pipeline]:
        return [p for p in self.pipelines.values() if p.is_active and not p.is_gone]

    def default(self) -> Pipeline:
        if not self.usable:
            raise NoPipeline("Make a pipeline first: POST /v1/pipelines.")
        return self.usable[0]

    def of_stage(self, stage_id: UUID) -> Pipeline:
        for pipeline in self.pipelines.values():
            if stage_id in pipeline.stages:
                return pipeline
        raise StageNotInPipeline(
            f"There is no stage {str(stage_id)!r}.", errors={"stage_id": "There is no such stage."}
        )

    def pipeline(self, pipeline_id: UUID) -> Pipeline:
        """One that something new may be put in."""
        found = self.pipelines.get(pipeline_id)
        if found is None or found.is_gone or not found.is_active:
            raise StageNotInPipeline(
                f"There is no pipeline {str(pipeline_id)!r} to put this in.",
                errors={"pipeline_id": "There is no such pipeline, or it is not in use."},
            )
        return found


def pipelines_of(house: House) -> Remembered[Known]:
    return remembered(house, "pipelines", read_pipelines)


async def known_pipelines(call: Call, *named: UUID | None) -> Known:
    """The caller's, with each pipeline and stage that is named, if there is one."""

    def lacks(known: Known) -> bool:
        return any(id is not None and not known.has(id) for id in named)

    return await pipelines_of(call.house).of(call.organisation, lacks=lacks)


async def read_pipelines(db: Database, organisation: UUID) -> Known:
    rows = await db.lookup(organisation, SELECT, organisation)
    return Known({row["id"]: _pipeline(dict(row)) for row in rows})


def _pipeline(row: Mapping[str, Any]) -> Pipeline:
    stages = [_stage(stage) for stage in orjson.loads(row["stages"] or "[]")]
    return Pipeline(
        id=row["id"], name=row["name"], is_active=row["is_active"], idle_days=row["idle_days"],
        reopened_by=row["reopened_by"], reopen_within_days=row["reopen_within_days"],
        win_reasons=tuple(row["win_reasons"]), loss_reasons=tuple(row["loss_reasons"]),
        is_gone=row["is_gone"], stages={stage.id: stage for stage in stages},
    )  # fmt: skip


def _stage(stage: Mapping[str, Any]) -> Stage:
    return Stage(
        id=UUID(stage["id"]), name=stage["name"], kind=stage["kind"],
        probability=float(stage["probability"]), forecast_category=stage["forecast_category"],
        max_days=stage["max_days"], required_fields=tuple(stage["required_fields"]),
        exit_criteria=tuple(stage["exit_criteria"]), position=stage["position"],
        is_removed=stage["is_removed"],
    )  # fmt: skip
