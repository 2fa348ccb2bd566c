"""What a macro's actions are for one ticket. Pure."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

TEXTS: Final = {"reply": "public", "note": "internal"}
ME: Final = "me"
SET: Final = ("status", "priority", "kind", "assignee_id", "team_id")


def patch_of(
    actions: Mapping[str, Any], ticket: Mapping[str, Any], user_id: UUID | None
) -> dict[str, Any]:
    """The merge patch, as a request would send it. Where it stands already is no move."""
    patch = {name: actions[name] for name in SET if name in actions}
    if patch.get("assignee_id") == ME:
        patch["assignee_id"] = user_id
    if patch.get("status") == ticket["status"]:
        del patch["status"]
    tags = tags_after(ticket["tags"], actions)
    return patch if tags == ticket["tags"] else {**patch, "tags": tags}


def tags_after(tags: list[str], actions: Mapping[str, Any]) -> list[str]:
    """What is added and taken away at once is away."""
    whole = {*tags, *actions.get("add_tags", ())}
    return sorted(whole - set(actions.get("remove_tags", ())))


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Field by field what becomes of a record, but for what every write changes."""
    return {
        name: {"before": before[name], "after": value}
        for name, value in after.items()
        if value != before[name] and name not in ("version", "updated_at")
    }
