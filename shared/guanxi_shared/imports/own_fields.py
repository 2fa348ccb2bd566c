"""An organisation's own fields as columns of files."""

from collections.abc import Mapping

from guanxi_shared.custom_fields import Definition
from guanxi_shared.imports import fields as f
from guanxi_shared.imports.fields import ImportField

_CUSTOM_KINDS = {
    "text": f.TEXT, "choice": f.TEXT, "integer": f.INTEGER, "number": f.TEXT, "boolean": f.BOOLEAN,
    "day": f.DAY, "choices": f.LIST,
}  # fmt: skip


def with_custom(
    fields: Mapping[str, ImportField], definitions: Mapping[str, Definition]
) -> dict[str, ImportField]:
    """The fields with the organisation's own, `custom.<key>`."""
    own = {
        f"custom.{key}": ImportField(
            f"custom.{key}", ("custom", key), _CUSTOM_KINDS[each.kind], (key,)
        )
        for key, each in definitions.items()
    }
    return {**fields, **own}
