"""The state machine of a deal: what a move into a stage changes, and what refuses it. Pure.

open → open    `moved`      forwards past exit criteria; backwards freely
open → won     `won`        100 percent, closed now
open → lost    `lost`       0 percent; exit criteria are not asked for
won  ↔ lost    `won`/`lost` a mistake put right
closed → open  `reopened`   by the pipeline's rule
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from guanxi_pipeline.errors import ReasonRequired, ReopenRefused, StageRequirements
from guanxi_shared.errors import Forbidden


class StageLike(Protocol):
    """What a stage says of itself (`pipelines.known.Stage`)."""

    @property
    def id(self) -> Any: ...
    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def probability(self) -> float: ...
    @property
    def forecast_category(self) -> str: ...
    @property
    def required_fields(self) -> Sequence[str]: ...
    @property
    def exit_criteria(self) -> Sequence[Mapping[str, Any]]: ...
    @property
    def position(self) -> int: ...


class PipelineLike(Protocol):
    @property
    def reopened_by(self) -> str: ...
    @property
    def reopen_within_days(self) -> int | None: ...
    @property
    def win_reasons(self) -> Sequence[str]: ...
    @property
    def loss_reasons(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class Moving:
    """A move as it is asked for: `row` is the record as it would be, the stage aside; `met` are the
    keys of exit criteria that hold, confirmed or found to."""

    row: Mapping[str, Any]
    pipeline: PipelineLike
    from_stage: StageLike
    to_stage: StageLike
    met: frozenset[str]
    leads_others: bool
    now: datetime
    is_same_pipeline: bool = True


def verb_of(from_kind: str, to_kind: str) -> str:
    """The verb of the event."""
    if to_kind != "open":
        return to_kind
    return "moved" if from_kind == "open" else "reopened"


def demand_move(move: Moving) -> None:
    """Raises what stands against the move."""
    if move.from_stage.kind != "open" and move.to_stage.kind == "open":
        _demand_reopening(move)
    _demand_criteria(move)
    _demand_fields(move.row, move.to_stage)
    demand_reason(move.pipeline, move.to_stage.kind, move.row.get("reason"))


def demand_entry(row: Mapping[str, Any], pipeline: PipelineLike, stage: StageLike) -> None:
    """Raises what stands against beginning in a stage: its fields and, of a closed one, its reason."""
    _demand_fields(row, stage)
    demand_reason(pipeline, stage.kind, row.get("reason"))


def changes_of(move: Moving) -> dict[str, Any]:
    """The columns that follow from where it stands now, but for its rank."""
    return {
        "pipeline_id": move.row["pipeline_id"],
        "stage_id": move.to_stage.id,
        "stage_entered_at": move.now,
        "confirmed": [],
        **standing(move.row, move.to_stage, move.now),
    }


def standing(row: Mapping[str, Any], stage: StageLike, now: datetime) -> dict[str, Any]:
    """Status, probability and category as a stage gives them. A probability by hand or of a model stays
    so while the deal is open (whoever moves it asks the model anew); closing and reopening end it."""
    columns: dict[str, Any] = {"status": stage.kind, "forecast_category": stage.forecast_category}
    stays = row.get("probability_source") in ("manual", "model")
    if stage.kind != "open" or not stays or row.get("status", "open") != "open":
        columns |= {"probability": stage.probability, "probability_source": "stage"}
    if stage.kind == "open":
        return columns | {"closed_at": None, **_forgotten(row)}
    return columns | {"closed_at": row.get("closed_at") or now}


def _forgotten(row: Mapping[str, Any]) -> dict[str, Any]:
    """Why a deal was closed says nothing of one that is open again."""
    return {"reason": None, "reason_note": None} if row.get("status", "open") != "open" else {}


def why(from_kind: str, to_kind: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of the reasons: why a deal was won says nothing of why it is lost."""
    is_other = from_kind != "open" and from_kind != to_kind
    return {**({"reason": None, "reason_note": None} if is_other else {}), **said}


def demand_reason(pipeline: PipelineLike, kind: str, reason: str | None) -> None:
    """Of the pipeline's list, where it has one: a closed deal says why, in words that can be counted."""
    listed = {"won": pipeline.win_reasons, "lost": pipeline.loss_reasons}.get(kind, ())
    if not listed or (reason is not None and reason in listed):
        return
    if reason is None and kind == "won":
        return  # a win may go without a reason, unless its stage requires one
    raise ReasonRequired(
        f"Say why it was {kind}, in the pipeline's words.",
        errors={"reason": f"Choose one of: {', '.join(listed)}."},
    )


def _demand_reopening(move: Moving) -> None:
    rule, days = move.pipeline.reopened_by, move.pipeline.reopen_within_days
    if rule == "nobody":
        raise ReopenRefused(
            "Nothing is reopened in this pipeline; make a new opportunity.",
            errors={"stage_id": "What is closed stays closed here."},
        )
    if rule == "manager" and not move.leads_others:
        raise Forbidden(
            "Only who leads others reopens a deal here.", code="reopen_refused",
            errors={"stage_id": "Ask who leads you."},
        )  # fmt: skip
    closed_at = move.row.get("closed_at")
    if days is not None and closed_at is not None and move.now - closed_at > timedelta(days=days):
        raise ReopenRefused(
            f"It was closed more than {days} days ago; make a new opportunity.",
            errors={"stage_id": "Too late to reopen."},
        )


def unmet(move: Moving) -> list[Mapping[str, Any]]:
    """The exit criteria of the stage that is left forwards which do not hold."""
    old, new = move.from_stage, move.to_stage
    is_forward = new.kind == "won" or (new.kind == "open" and new.position > old.position)
    if old.kind != "open" or not is_forward or not move.is_same_pipeline:
        return []
    return [each for each in old.exit_criteria if each["key"] not in move.met]


def _demand_criteria(move: Moving) -> None:
    if not (missing := unmet(move)):
        return
    texts = "; ".join(str(each["text"]) for each in missing)
    raise StageRequirements(
        f"{move.from_stage.name} is left when: {texts}.",
        errors={
            f"confirmed.{each['key']}": (
                "The record does not fit it yet." if each.get("filter_groups") else "Confirm it."
            )
            for each in missing
        },
        missing=[each["key"] for each in missing],
    )


def _demand_fields(row: Mapping[str, Any], stage: StageLike) -> None:
    if missing := missing_fields(row, stage.required_fields):
        raise StageRequirements(
            f"{stage.name} needs {', '.join(missing)}.",
            errors=dict.fromkeys(missing, f"Needed to enter {stage.name}."),
            missing=missing,
        )


def missing_fields(row: Mapping[str, Any], required: Sequence[str]) -> list[str]:
    """Fields of the API that are empty; an amount of nothing is one."""
    stored = {"amount": "amount_amount"}
    return [name for name in required if row.get(stored.get(name, name)) in (None, "", [], {})]
