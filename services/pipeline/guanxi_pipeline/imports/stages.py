"""Where a row says that a deal stands: pipeline and stage by their names, or a status."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from guanxi_pipeline.pipelines.known import Known, Pipeline, Stage
from guanxi_shared.imports.named_records import name_key
from guanxi_shared.tables.cell_problem import CellProblem

SAID = ("pipeline", "stage", "status")
STATUSES = ("open", "won", "lost")


@dataclass(frozen=True, slots=True)
class Place:
    """None where the row does not say. A stage `by_name` alone is one of the record's own pipeline,
    where there is a record."""

    pipeline: Pipeline | None = None
    stage: Stage | None = None
    status: str | None = None
    by_name: bool = False


def place_of(
    known: Known, said: Mapping[str, str], ids: Mapping[str, Any], columns: Mapping[str, str]
) -> Place:
    """`said` are the words of SAID, `ids` what is sent as ids, `columns` the columns they come from.
    CellProblem for what there is not."""
    pipeline = _pipeline(known, said, ids, columns)
    stage = _stage(known, pipeline, said, ids, columns)
    status = said.get("status")
    if status is not None and status not in STATUSES:
        raise CellProblem(columns["status"], status, "is none of open, won, lost")
    if stage is not None and status is not None and stage.kind != status:
        raise CellProblem(columns["status"], status, f"is not the status of the stage {stage.name}")
    by_name = stage is not None and pipeline is None and ids.get("stage_id") is None
    return Place(pipeline, stage, status, by_name)


def _pipeline(
    known: Known, said: Mapping[str, str], ids: Mapping[str, Any], columns: Mapping[str, str]
) -> Pipeline | None:
    if ids.get("pipeline_id") is not None:
        return known.pipeline(ids["pipeline_id"])
    if "pipeline" not in said:
        return None
    wanted = name_key(said["pipeline"])
    found = [each for each in known.usable if name_key(each.name) == wanted]
    if not found:
        raise CellProblem(columns["pipeline"], said["pipeline"], "is no pipeline in use here")
    return found[0]  # names are unique


def _stage(
    known: Known, pipeline: Pipeline | None, said: Mapping[str, str], ids: Mapping[str, Any],
    columns: Mapping[str, str],
) -> Stage | None:  # fmt: skip
    if ids.get("stage_id") is not None:
        stage_id: UUID = ids["stage_id"]
        return (pipeline or known.of_stage(stage_id)).stage(stage_id)
    if "stage" not in said:
        return None
    here, text = pipeline or known.default(), said["stage"]
    found = stages_called(text, [here]) or stages_called(text, known.usable if not pipeline else ())
    if len(found) != 1:
        which = "is no stage" if not found else f"is the name of {len(found)} stages"
        where = f" of the pipeline {here.name}" if pipeline or not found else ""
        raise CellProblem(columns["stage"], text, f"{which}{where}")
    return found[0]


def stages_called(text: str, pipelines: Iterable[Pipeline]) -> list[Stage]:
    wanted = name_key(text)
    return [s for each in pipelines for s in each.present if name_key(s.name) == wanted]
