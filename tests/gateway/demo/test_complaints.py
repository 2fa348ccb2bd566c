"""Complaints of the demo: as the API takes them, in several states of their loop."""

from collections import Counter
from typing import Any

import orjson

from guanxi_gateway.cli.demo.complaints import make_causes, make_loops
from guanxi_tickets.complaints.schemas import RoundUpdate, StepDone, StepSkipped
from guanxi_tickets.coordination_tasks.schemas import TaskCreate
from guanxi_tickets.corrective_actions.schemas import ActionCreate
from guanxi_tickets.root_causes.schemas import CauseCreate
from tests.gateway.demo.made import SEED
from tests.gateway.demo.test_tickets import TICKETS

LOOPS = make_loops(SEED, TICKETS)
MODELS: dict[str, Any] = {
    "complete": StepDone, "skip": StepSkipped, "tasks": TaskCreate, "actions": ActionCreate,
    "loop": RoundUpdate,
}  # fmt: skip


def test_the_service_takes_everything_about_complaints() -> None:
    for write in (write for loop in LOOPS for write in loop):
        model = MODELS[write.path.rpartition("/")[2]]
        model.model_validate_json(orjson.dumps(write.body), strict=True)
    for cause in make_causes(SEED):
        CauseCreate.model_validate_json(orjson.dumps(cause), strict=True)
    assert make_loops(SEED, TICKETS) == LOOPS


def test_loops_stand_in_several_states() -> None:
    steps = Counter(sum("/steps/" in write.path for write in loop) for loop in LOOPS)
    assert steps[6] > 2
    assert len(steps) > 3
    assert any(write.path.endswith("/tasks") for loop in LOOPS for write in loop)
