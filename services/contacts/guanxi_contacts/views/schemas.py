"""Which records of contacts views are of."""

from typing import Any, Literal

from pydantic import ConfigDict

from guanxi_shared.views.schemas import NewView

EXAMPLE: dict[str, Any] = {
    "name": "My retail customers, lately changed",
    "resource": "accounts",
    "document": {
        "filter_groups": [
            {
                "filters": [
                    {"field": "industry", "operator": "eq", "value": "retail"},
                    {"field": "updated_at", "operator": "gte", "value": "-30d"},
                ]
            }
        ],
        "sorts": ["-updated_at"],
    },
    "columns": ["name", "region", "grade", "owner_id"],
    "shared_with": "team",
}


class ViewCreate(NewView):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    resource: Literal["accounts", "contacts", "activities"]
