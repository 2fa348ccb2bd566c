"""Erasures of requesters as the API takes and shows them."""

from typing import Annotated, Literal

from pydantic import ConfigDict, StringConstraints

from guanxi_shared.erasing.schemas import Erased, ErasureRequest
from guanxi_shared.values import Storable

Typed = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), Storable
]


class RequesterErasure(ErasureRequest):
    """One of `email` and `phone`, as they had typed it; the spelling does not count."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"email": "lilei@weilai.example", "reason": "subject_request",
                        "request_reference": "DSR-2026-17"}
        },
    )  # fmt: skip

    email: Typed | None = None
    phone: Typed | None = None


class RequesterErasureRead(Erased):
    """What is left of a requester; `counts` says how many rows of each place were erased. `id` is no record's:
    it tells whether the same address or number is asked for again."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "7d0c2a1e-93b4-5f21-a5c6-4e1f7b9d2c30", "type": "requester",
                "reason": "subject_request", "request_reference": "DSR-2026-17",
                "erased_by": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f01", "erased_at": "2026-11-28T09:00:00Z",
                "counts": {"events": 4, "ticket_comments": 2, "tickets": 1},
            }
        }
    )  # fmt: skip

    type: Literal["requester"]
