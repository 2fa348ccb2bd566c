"""What a caller is told about a field that does not fit, where pydantic's own words do not say what to send."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, get_args

from pydantic import BaseModel

UNKNOWN: Final = "extra_forbidden"
NO_OBJECT: Final = frozenset({"model_type", "model_attributes_type", "dict_type"})
MOST_NAMED: Final = 20

Model = type[BaseModel]


def words_for(item: Mapping[str, Any], model: Model | None) -> str:
    """A sentence for one of `ValidationError.errors()`; `model` is what was read."""
    loc: Sequence[str | int] = item["loc"]
    if item["type"] == "missing":
        return "This field is required."
    if item["type"] == UNKNOWN:
        return _unknown(str(loc[-1]), _names(_model_at(model, loc[:-1])))
    if item["type"] in NO_OBJECT:
        names = _names(_model_at(model, loc))
        return f"Send an object with {_listed(names)}." if names else "Send an object."
    return message_of(item)


def message_of(item: Mapping[str, Any]) -> str:
    """Pydantic's message, without the words it puts before what a validator or the JSON parser says."""
    said: str = item["msg"]
    return said.removeprefix("Value error, ").removeprefix("Invalid JSON: ")


def _unknown(name: str, names: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if near:
        return f"There is no such field here; did you mean {near[0]}?"
    if names:
        return f"There is no such field here; there are {_listed(names)}."
    return "There is no such field here."


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _names(model: Model | None) -> list[str]:
    if model is None:
        return []
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_at(model: Model | None, loc: Sequence[str | int]) -> Model | None:
    """The model of the object at a place; None where it cannot be told, as in a union of several."""
    for part in loc:
        if model is None:
            return None
        if isinstance(part, int):
            continue  # its items are of the model that the list's annotation holds
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        field = fields.get(part)
        found = list(_models_in(field.annotation)) if field is not None else []
        model = found[0] if len(found) == 1 else None
    return model


def _models_in(annotation: Any) -> Iterator[Model]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        return
    for each in get_args(annotation):
        yield from _models_in(each)
