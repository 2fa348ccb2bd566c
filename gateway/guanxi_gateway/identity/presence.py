"""Reading resources that have no past to show: keys and applications are in the audit log."""

from typing import Any

from guanxi_shared import documents
from guanxi_shared.calls import Call
from guanxi_shared.errors import Malformed
from guanxi_shared.pages import query_pairs
from guanxi_shared.resources import Resource


def gets_present(resource: Resource) -> dict[str, Any]:
    """`documents.gets` without `as_of`."""
    found = documents.gets(resource)
    extra = found["openapi_extra"]
    parameters = [one for one in extra["parameters"] if one is not documents.AS_OF]
    summary = found["summary"].partition(",")[0]
    return {**found, "summary": summary, "openapi_extra": {**extra, "parameters": parameters}}


def demand_no_parameters(call: Call) -> None:
    for name, _ in query_pairs(call.request.scope["query_string"]):
        raise Malformed(
            f"A single record does not take {name!r}.",
            errors={name: "Unknown parameter."},
            code="unknown_parameter",
        )
