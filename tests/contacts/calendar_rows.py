"""Activities as a feed reads them, without a database."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)


def row(**values: Any) -> dict[str, Any]:
    known = {
        "id": uuid4(), "kind": "meeting", "status": "planned", "priority": "normal", "version": 3,
        "starts_at": NINE, "ends_at": NINE + timedelta(hours=1), "due_at": None, "done_at": None, "tags": [],
        "recurrence": None, "exdates": [], "time_zone": "America/New_York", "series_id": None,
        "recurrence_id": None, "body": None, "location": None, "latitude": None, "longitude": None,
        "participants": [], "reminder_at": None, "reminded_at": None, "owner_id": None,
        "invited_ids": [], "created_at": NINE, "updated_at": NINE, "subject": "s", "elsewhere": None,
    }  # fmt: skip
    return known | values
