"""Which records of tickets views are of."""

from typing import Any, Literal

from pydantic import ConfigDict

from guanxi_shared.views.schemas import NewView

EXAMPLE: dict[str, Any] = {
    "name": "Urgent and unsolved",
    "resource": "tickets",
    "document": {
        "filter_groups": [
            {
                "filters": [
                    {"field": "priority", "operator": "eq", "value": "urgent"},
                    {"field": "status_kind", "operator": "nin", "value": ["solved", "closed"]},
                ]
            }
        ],
        "sorts": ["created_at"],
    },
    "columns": ["number", "subject", "status", "assignee_id"],
    "shared_with": "team",
}


class ViewCreate(NewView):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    resource: Literal["tickets"]
