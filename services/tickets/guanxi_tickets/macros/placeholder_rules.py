"""Texts with placeholders: `{{ticket.number}}`, `{{requester.name|dear customer}}`. Pure.

A placeholder is a name out of a list and, after a `|`, what stands there if there is no value. Nothing is
evaluated and nothing is reached through a name; what is put in is not read again.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from guanxi_tickets.errors import UnknownPlaceholder

OPENS: Final = "{{"
CLOSES: Final = "}}"
NAMES: Final = (
    "ticket.number", "ticket.subject", "ticket.status", "ticket.priority", "ticket.kind",
    "requester.name", "requester.title", "account.name", "agent.name", "agent.email", "assignee.name",
    "team.name",
)  # fmt: skip
CUSTOM: Final = "ticket.custom."


@dataclass(frozen=True, slots=True)
class Placeholder:
    """`default` is None where none was given; an empty one is given, and nothing is missed."""

    name: str
    default: str | None = None


def parts_of(
    text: str, custom_keys: Collection[str], *, field: str
) -> tuple["str | Placeholder", ...]:
    """The text as it stands and its placeholders, in their order. UnknownPlaceholder names one that there
    is not, or that does not end; `field` is where the text was sent."""
    found: list[str | Placeholder] = []
    rest = text
    while OPENS in rest:
        before, _, after = rest.partition(OPENS)
        inner, closed, rest = after.partition(CLOSES)
        if not closed or OPENS in inner:
            raise _unknown(field, f"{OPENS}{inner[:60]}", "It does not end with }}.")
        name, has_default, default = inner.partition("|")
        known = Placeholder(name.strip(), default.strip() if has_default else None)
        _demand_known(known.name, custom_keys, field)
        found += [before] if before else []
        found.append(known)
    return (*found, rest) if rest else tuple(found)


def filled(
    parts: Iterable["str | Placeholder"], values: Mapping[str, str | None]
) -> tuple[str, list[str]]:
    """The text, and the names without a value or a default, each once; nothing stands in their place."""
    written: list[str] = []
    missing: list[str] = []
    for part in parts:
        if isinstance(part, str):
            written.append(part)
            continue
        value = values.get(part.name) or part.default
        if value is None:
            missing.append(part.name)
        written.append(value or "")
    return "".join(written), list(dict.fromkeys(missing))


def custom_values(custom: Mapping[str, object]) -> dict[str, str | None]:
    """An organisation's own fields as they stand in a text: lists with commas, yes and no."""
    return {f"{CUSTOM}{key}": _spelt(value) for key, value in custom.items()}


def _spelt(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _demand_known(name: str, custom_keys: Collection[str], field: str) -> None:
    key = name.removeprefix(CUSTOM)
    if name in NAMES or (name.startswith(CUSTOM) and key in custom_keys):
        return
    raise _unknown(field, name[:60], f"There are: {', '.join(NAMES)}, {CUSTOM}<key>.")


def _unknown(field: str, name: str, sentence: str) -> UnknownPlaceholder:
    return UnknownPlaceholder(
        f"There is no placeholder {name!r}.", errors={field: f"{name!r}: {sentence}"}
    )
