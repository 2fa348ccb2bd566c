"""An organisation that begins has a pipeline: nobody sets one up before the first deal."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from guanxi_pipeline.pipelines.known import pipelines_of
from guanxi_pipeline.pipelines.service import found_pipeline
from guanxi_shared.calls import Actor, House
from guanxi_shared.consumers import Consumer, FeedSource
from guanxi_shared.db import Connection
from guanxi_shared.heard import Event
from guanxi_shared.identifiers import new_id

TYPES: Final = ("gateway.organisation.created",)
ACTOR: Final = Actor(id=None, kind="service", channel="beginning")
# Also of deleted ones: whoever took their pipelines away wants none.
HAS_ONE = "SELECT 1 FROM pipelines WHERE organisation_id = $1 LIMIT 1"
COLUMNS: Final[dict[str, Any]] = {
    "name": "Sales", "description": None, "is_default": True, "is_active": True, "idle_days": 14,
    "reopened_by": "anybody", "reopen_within_days": None, "win_reasons": [], "external_id": None,
    "uses_model": False,
    "loss_reasons": ["price", "competitor", "no budget", "no decision", "timing", "no answer"],
}  # fmt: skip
PLAIN: Final[dict[str, Any]] = {
    "id": None, "max_days": None, "required_fields": [], "exit_criteria": [], "guidance": None,
    "forecast_category": None,
}  # fmt: skip
STAGES: Final[list[dict[str, Any]]] = [
    PLAIN | {"name": "Qualification", "kind": "open", "probability": 10, "max_days": 30},
    PLAIN | {"name": "Needs analysis", "kind": "open", "probability": 25, "max_days": 30},
    PLAIN | {"name": "Proposal", "kind": "open", "probability": 50, "max_days": 45,
             "forecast_category": "best_case", "required_fields": ["amount"]},
    PLAIN | {"name": "Negotiation", "kind": "open", "probability": 75, "max_days": 30,
             "forecast_category": "commit", "required_fields": ["amount", "close_on"]},
    PLAIN | {"name": "Won", "kind": "won", "probability": 100},
    PLAIN | {"name": "Lost", "kind": "lost", "probability": 0, "required_fields": ["reason"]},
]  # fmt: skip


def default_pipeline_consumer(here: House, source: FeedSource) -> Consumer:
    async def apply(connection: Connection, event: Event) -> None:
        organisation = UUID(str(event["organisation_id"]))
        if await connection.fetchval(HAS_ONE, organisation) is None:
            await begin_pipeline(connection, organisation)

    def applied(events: Sequence[Event]) -> None:
        for event in events:
            pipelines_of(here).forget(UUID(str(event["organisation_id"])))

    return Consumer("beginnings", TYPES, source, apply, applied)


async def begin_pipeline(connection: Connection, organisation: UUID) -> None:
    await found_pipeline(connection, organisation, COLUMNS | {"id": new_id()}, STAGES, actor=ACTOR)
