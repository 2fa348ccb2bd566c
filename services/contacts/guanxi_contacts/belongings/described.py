"""What OpenAPI says of a delete that may take children along."""

from typing import Any

from pydantic import BaseModel

from guanxi_contacts.belongings.service import WITH_CHILDREN
from guanxi_shared import documents
from guanxi_shared.resources import Resource

PARAMETER = documents.query_parameter(
    WITH_CHILDREN, "boolean",
    "Also delete the activities and files that belong to this record alone; restoring it brings "
    "exactly those back.",
    default=False,
)  # fmt: skip


def deletes(resource: Resource, answer: type[BaseModel]) -> dict[str, Any]:
    return documents.operation(
        f"delete_{resource.noun}",
        "Delete softly, alone or with its own children; restore undoes it",
        parameters=[documents.path_id(f"{resource.noun}_id"), documents.IF_MATCH, PARAMETER],
        response_model=answer,
        responses=documents.problems(404, 409, 410, 412, 413, 415, 422),
    )
