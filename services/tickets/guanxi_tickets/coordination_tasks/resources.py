"""The allow-list of coordination tasks: whoever has one sees it, and leads who has it."""

from dataclasses import replace
from typing import Final

from guanxi_shared.resources import Field, Resource, fields_of
from guanxi_tickets import models
from guanxi_tickets.coordination_tasks.schemas import TaskRead

TASK: Final = models.CoordinationTask.metadata.tables["coordination_tasks"]


def _fields() -> dict[str, Field]:
    fields = {
        ("assignee_id" if name == "owner_id" else name): field
        for name, field in fields_of(TASK, hidden=("next_at",)).items()
    }
    fields["assignee_id"] = replace(fields["assignee_id"], name="assignee_id")
    return fields


TASKS: Resource = Resource(
    name="coordination-tasks",
    noun="coordination_task",
    service="tickets",
    table=TASK,
    fields=_fields(),
    model=TaskRead,
)
