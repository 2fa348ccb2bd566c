"""A document as generators of clients want it: plain names, and no defaults in what changes a record."""

from collections.abc import Mapping
from typing import Any

Document = dict[str, Any]
SCHEMAS = "#/components/schemas/"


def tidy(document: Document) -> None:
    """Change FastAPI's document in place."""
    _forget_defaults(document)
    for schema in document["components"]["schemas"].values():
        for field in schema.get("properties", {}).values():
            if field.get("default", "") is None:  # says no more than that it may be left out
                del field["default"]
    schemas = document["components"]["schemas"]
    names = {name: plain_name(name) for name in schemas if "__" in name}
    refs = {SCHEMAS + name: SCHEMAS + plain for name, plain in names.items()}
    settled = {names.get(n, n): renamed(schema, refs) for n, schema in schemas.items()}
    for name in names.values():
        settled[name]["title"] = name
    document["components"]["schemas"] = settled
    document["paths"] = renamed(document["paths"], refs)


def plain_name(name: str) -> str:
    """`guanxi_tickets__drafts__schemas__DraftRead`, as Pydantic tells two models of one name apart, is
    `DraftsDraftRead`: generators make a class of it."""
    *modules, model = name.split("__")
    words = [
        word for module in modules[1:] if "schemas" not in module for word in module.split("_")
    ]
    return "".join(word.capitalize() for word in words) + model


def renamed(value: Any, refs: Mapping[str, str]) -> Any:
    """A copy that refers to the new names."""
    if isinstance(value, list):
        return [renamed(item, refs) for item in value]
    if isinstance(value, dict):
        return {key: renamed(item, refs) for key, item in value.items()}
    return refs.get(value, value) if isinstance(value, str) else value


def _forget_defaults(document: Document) -> None:
    """A merge patch changes what is sent: a client that is told of a default sends it, and changes that too."""
    for item in document["paths"].values():
        content = item.get("patch", {}).get("requestBody", {}).get("content", {})
        for body in content.values():
            name = body["schema"].get("$ref", "").removeprefix(SCHEMAS)
            for field in (
                document["components"]["schemas"].get(name, {}).get("properties", {}).values()
            ):
                field.pop("default", None)
