"""Query parameters that are one word out of a few."""

from collections.abc import Sequence

from guanxi_shared.calls import Call
from guanxi_shared.errors import Malformed
from guanxi_shared.pages import query_pairs


def word_in(call: Call, name: str, words: Sequence[str]) -> str:
    """The one query parameter that a route takes; the first of its words without it."""
    raw: bytes = call.request.scope["query_string"]
    given = query_pairs(raw) if raw else []
    unknown = next((key for key, _ in given if key != name), None)
    if unknown is not None:
        raise Malformed(
            f"{unknown!r} is no parameter here.",
            errors={unknown: "Unknown parameter."},
            code="unknown_parameter",
        )
    if not given:
        return words[0]
    if len(given) > 1 or given[0][1] not in words:
        listed = ", ".join(words)
        raise Malformed(
            f"{name} must be one of: {listed}.", errors={name: f"Send one of: {listed}."}
        )
    return given[0][1]
