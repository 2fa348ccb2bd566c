"""The allow-list of queues: settings, which everybody reads. What waits in them is its team's."""

from dataclasses import replace
from typing import Final

from guanxi_shared.resources import Resource, fields_of
from guanxi_tickets import models
from guanxi_tickets.queues.schemas import QueueRead

QUEUE: Final = models.Queue.metadata.tables["queues"]
_FIELDS = fields_of(QUEUE)
QUEUES: Resource = Resource(
    name="queues",
    noun="queue",
    service="tickets",
    table=QUEUE,
    fields=_FIELDS
    | {
        "filter_groups": replace(_FIELDS["filter_groups"], is_filtered=False),
        "skills": replace(_FIELDS["skills"], key="skill"),
    },
    is_owned=False,
    model=QueueRead,
)
