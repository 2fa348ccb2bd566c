"""Which records of tickets have fields that an organisation adds itself."""

from typing import Literal

from pydantic import ConfigDict

from guanxi_shared.fields.schemas import FieldDefinition


class FieldDefinitionCreate(FieldDefinition):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "resource": "tickets",
                "key": "device",
                "kind": "choice",
                "label": {"en": "Device", "zh": "设备"},
                "options": ["pump", "sensor", "controller"],
            }
        },
    )

    resource: Literal["tickets"]
