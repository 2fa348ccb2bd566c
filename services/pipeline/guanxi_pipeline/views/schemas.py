"""Which records of pipeline views are of."""

from typing import Any, Literal

from pydantic import ConfigDict

from guanxi_shared.views.schemas import NewView

EXAMPLE: dict[str, Any] = {
    "name": "Closing this month",
    "resource": "opportunities",
    "document": {
        "filter_groups": [
            {
                "filters": [
                    {"field": "status", "operator": "eq", "value": "open"},
                    {"field": "close_on", "operator": "lte", "value": "+30d"},
                ]
            }
        ],
        "sorts": ["close_on"],
    },
    "columns": ["name", "account_id", "amount", "close_on"],
    "shared_with": "team",
}


class ViewCreate(NewView):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    resource: Literal["opportunities", "leads", "quotes", "orders", "products"]
