"""Money as phones keep it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from guanxi_shared.money import scale_of


def amount_from(values: Mapping[str, Any]) -> dict[str, str] | None:
    """Minor units and currency as the API's money; half of it is none."""
    minor, code = values.get("amount_minor"), values.get("currency")
    if minor is None or code is None:
        return None
    scale = scale_of(code)
    amount = Decimal(minor).scaleb(-scale)
    return {"amount": f"{amount:.{scale}f}", "currency": code}
