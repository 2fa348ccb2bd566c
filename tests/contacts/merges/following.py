"""A consumer that knows nothing of merges: it keeps the newest state of each record by its version."""

from typing import Any

from tests.factories import Clients, User

TYPES = "contacts.account.*,contacts.contact.*"


async def followed(client: Clients, user: User, *, page: int = 50) -> dict[str, Any]:
    """What the feed from its beginning makes of accounts and contacts, as `everything` shows them."""
    states: dict[str, Any] = {}
    gone: set[str] = set()
    versions: dict[str, int] = {}
    after = None
    while True:
        params: dict[str, Any] = {"limit": page, "types": TYPES} | (
            {"after": after} if after else {}
        )
        answer = await client(user).get("/v1/events", params=params)
        events = answer.json()
        for event in events:
            _apply(event, states, gone, versions)
        if len(events) < page:
            break
        after = answer.headers["x-next-after"]
    return {
        id: {k: v for k, v in state.items() if k not in ("version", "updated_at")}
        for id, state in states.items()
        if id not in gone
    }


def _apply(event: Any, states: dict[str, Any], gone: set[str], versions: dict[str, int]) -> None:
    data = event["data"]
    id = data["id"]
    if data["version"] <= versions.get(id, 0):
        return
    assert data["version"] == versions.get(id, 0) + 1, f"a hole before {event}"
    versions[id], states[id] = data["version"], data["state"]
    if event["type"].endswith(".deleted"):
        gone.add(id)
    else:
        gone.discard(id)
