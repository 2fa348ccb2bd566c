"""Erasures of leads as the API shows them."""

from typing import Literal

from pydantic import ConfigDict

from guanxi_shared.erasing.schemas import Erased


class LeadErasureRead(Erased):
    """What is left of a lead; `counts` says how many rows of each place were erased."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f51", "type": "lead",
                "reason": "subject_request", "request_reference": "DSR-2026-17",
                "erased_by": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f01", "erased_at": "2026-11-28T09:00:00Z",
                "counts": {"events": 4, "idempotency": 1, "leads": 1},
            }
        }
    )  # fmt: skip

    type: Literal["lead"]
