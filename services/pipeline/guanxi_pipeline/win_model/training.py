"""The job that learns from a pipeline's closed deals and keeps what came of it."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from guanxi_pipeline.pipelines.resources import PIPELINES
from guanxi_pipeline.win_model import reading
from guanxi_pipeline.win_model.fitting import serve
from guanxi_pipeline.win_model.verdict_rules import BETTER
from guanxi_shared.calls import Actor
from guanxi_shared.db import Connection
from guanxi_shared.identifiers import new_id
from guanxi_shared.jobs import to_json
from guanxi_shared.learners import Learner, learner
from guanxi_shared.many_records import Change, load_many, log_many
from guanxi_shared.running_jobs import JobFailed, RunningJob

KIND: Final = "train-win-model"
KEEP = """
INSERT INTO win_models AS w (organisation_id, id, pipeline_id, verdict, comparison, model, parameters, watermark,
  is_in_use, trained_by)
VALUES ($1, $2, $3, $4, $5::text::jsonb, $6::text::jsonb, $7::text::jsonb, $8::text::jsonb, $9, $10)
ON CONFLICT (organisation_id, pipeline_id) DO UPDATE SET id = excluded.id, verdict = excluded.verdict,
  comparison = excluded.comparison, model = excluded.model, parameters = excluded.parameters,
  watermark = excluded.watermark, is_in_use = excluded.is_in_use, trained_by = excluded.trained_by,
  trained_at = clock_timestamp(), ended_at = NULL, applied_at = NULL
"""


async def train_win_model(job: RunningJob) -> None:
    """Reads in one transaction, learns in none, keeps in another. JobFailed with the sentence that
    refuses; what was in use before then stays."""
    pipeline_id = UUID(job.params["pipeline_id"])
    async with learner(serve) as beside:
        async with job.transaction() as connection:
            seen = await _tell_all(connection, beside, job.organisation_id, pipeline_id)
        found = await beside.answer()
    if "refused" in found:
        raise JobFailed(found["refused"])
    async with job.transaction() as connection:
        await keep(connection, job, pipeline_id, found, seen)
        url = f"/v1/pipelines/{pipeline_id}/win-model"
        await job.save(connection, done=1, total=1, result={"url": url})


async def _tell_all(
    connection: Connection, beside: Learner, organisation: UUID, pipeline_id: UUID
) -> dict[str, Any]:
    """The watermark of what was told."""
    stages = await reading.stages_of(connection, organisation, pipeline_id)
    defaults = {str(stage["id"]): stage["probability"] for stage in stages}
    await beside.ask({"stage_defaults": defaults})
    first = reading.first_open(stages)
    async for page in reading.sights(connection, organisation, pipeline_id, first):
        await beside.tell(page)
    return await reading.watermark(connection, organisation, pipeline_id)


async def keep(
    connection: Connection, job: RunningJob, pipeline_id: UUID, found: Mapping[str, Any],
    seen: Mapping[str, Any],
) -> None:  # fmt: skip
    """The comparison and the model in place of the ones before, told in the pipeline's log."""
    comparison, model = found["comparison"], found["model"]
    model_id, is_better = new_id(), comparison["verdict"] == BETTER
    await connection.execute(
        KEEP, job.organisation_id, model_id, pipeline_id, comparison["verdict"],
        to_json(comparison), to_json(model) if is_better else None, to_json(found["parameters"]),
        to_json(seen), is_better, job.created_by,
    )  # fmt: skip
    actor = Actor(id=job.created_by, kind="user", channel="job")
    told = {"id": str(model_id), "verdict": comparison["verdict"], "is_in_use": is_better}
    await tell(connection, pipeline_id, "model_trained", told, actor)


async def tell(
    connection: Connection, pipeline_id: UUID, verb: str, model: Mapping[str, Any], actor: Actor
) -> None:
    """An event of the pipeline, which itself does not change; `before.win_model` says of what."""
    loaded = await load_many(connection, PIPELINES, [pipeline_id])
    about = [Change(each, verb=verb, more={"win_model": dict(model)}) for each in loaded.values()]
    await log_many(connection, PIPELINES, about, actor=actor)
