"""Pure decisions about pipelines: what their stages are filled up with, and what makes one whole."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from guanxi_pipeline.errors import PipelineIncomplete, StageKindFixed, StageNotInPipeline

SURE = {"won": 100, "lost": 0}
CATEGORY = {"open": "pipeline", "won": "closed", "lost": "omitted"}


def stages_as_stored(
    wanted: Sequence[Mapping[str, Any]], present: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The stages in their order, each whole; `present` are those that the pipeline has. Raises what is
    wrong with them, each under `stages.N`."""
    known = {str(stage["id"]): stage for stage in present}
    stored = [_whole(index, stage, known) for index, stage in enumerate(wanted)]
    _demand_whole(stored)
    return stored


def _whole(
    index: int, stage: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """An open stage says how likely it is; won and lost ones are sure."""
    where = f"stages.{index}"
    if stage.get("id") is not None:
        _demand_own(stage, known.get(str(stage["id"])), where)
    kind = stage["kind"]
    probability = stage.get("probability")
    if kind in SURE and probability not in (None, SURE[kind]):
        raise PipelineIncomplete(
            f"A {kind} stage has {SURE[kind]} percent.",
            errors={f"{where}.probability": f"Send {SURE[kind]} or nothing."},
        )
    if kind == "open" and probability is None:
        raise PipelineIncomplete(
            "An open stage says how likely it is to be won.",
            errors={f"{where}.probability": "Send a percentage."},
        )
    keys = [criterion["key"] for criterion in stage["exit_criteria"]]
    if len(set(keys)) < len(keys):
        raise PipelineIncomplete(
            "Two criteria have one key.", errors={f"{where}.exit_criteria": "Use a key once."}
        )
    return {
        **stage,
        "probability": SURE.get(kind, probability),
        "forecast_category": stage.get("forecast_category") or CATEGORY[kind],
    }


def _demand_own(stage: Mapping[str, Any], present: Mapping[str, Any] | None, where: str) -> None:
    if present is None:
        raise StageNotInPipeline(
            "This pipeline has no such stage.",
            errors={f"{where}.id": "Leave it out for a new one."},
        )
    if present["kind"] != stage["kind"]:
        raise StageKindFixed(
            f"{present['name']} is {present['kind']} and stays so; add a stage of the other kind.",
            errors={f"{where}.kind": f"Leave it {present['kind']}."},
        )


def _demand_whole(stages: Sequence[Mapping[str, Any]]) -> None:
    kinds = {stage["kind"] for stage in stages}
    if kinds != {"open", "won", "lost"}:
        missing = sorted({"open", "won", "lost"} - kinds)[0]
        raise PipelineIncomplete(
            f"The pipeline has no {missing} stage.", errors={"stages": f"Add a {missing} stage."}
        )
    names = [stage["name"].casefold() for stage in stages]
    if len(set(names)) < len(names):
        raise PipelineIncomplete(
            "Two stages have one name.", errors={"stages": "Give each a name of its own."}
        )
    ids = [str(stage["id"]) for stage in stages if stage.get("id")]
    if len(set(ids)) < len(ids):
        raise PipelineIncomplete("A stage is named twice.", errors={"stages": "Name each once."})


def removed(
    present: Sequence[Mapping[str, Any]], wanted: Sequence[Mapping[str, Any]]
) -> list[UUID]:
    """The ids of stages that are no longer wanted."""
    kept = {str(stage["id"]) for stage in wanted if stage.get("id")}
    return [UUID(str(stage["id"])) for stage in present if str(stage["id"]) not in kept]
