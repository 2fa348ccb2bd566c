"""What is sent: an event of the feed in the endpoint's format, as the bytes that are signed. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

TEST_TYPE: Final = "gateway.webhook.tested"
MOST_BYTES: Final = 256 * 1024  # of a full payload; a longer one goes thin
LEFT_OUT_WHEN_THIN: Final = ("state", "before")


@dataclass(frozen=True, slots=True)
class Message:
    content_type: str
    body: bytes


def message_of(event: Mapping[str, Any], *, format: str, payload: str) -> Message:
    """`thin` says what changed and of which version, `full` has the record's state too."""
    is_thin = payload == "thin"
    message = MAKERS[format](event, is_thin)
    if is_thin or len(message.body) <= MOST_BYTES:
        return message
    return MAKERS[format](event, True)


def _data(event: Mapping[str, Any], is_thin: bool) -> dict[str, Any]:
    left_out = LEFT_OUT_WHEN_THIN if is_thin else ()
    return {name: value for name, value in event["data"].items() if name not in left_out}


def _standard(event: Mapping[str, Any], is_thin: bool) -> Message:
    data = {
        **_data(event, is_thin),
        "subject": event["subject"],
        "organisation_id": event["organisationid"],
    }
    whole = {"type": event["type"], "timestamp": event["time"], "data": data}
    return Message("application/json", orjson.dumps(whole))


def _cloud_event(event: Mapping[str, Any], is_thin: bool) -> Message:
    whole = {**event, "data": _data(event, is_thin)}
    return Message("application/cloudevents+json", orjson.dumps(whole))


MAKERS: Final = {"standard": _standard, "cloudevents": _cloud_event}


def trial_event(
    event_id: str, organisation_id: str, webhook_id: str, occurred_at: str
) -> dict[str, Any]:
    """What no feed holds: somebody asked whether this endpoint hears."""
    return {
        "specversion": "1.0", "id": event_id, "source": "/guanxi/gateway", "type": TEST_TYPE,
        "subject": f"webhook/{webhook_id}", "time": occurred_at,
        "datacontenttype": "application/json", "organisationid": organisation_id,
        "data": {"id": webhook_id, "version": 1, "changed": [], "before": None, "state": None,
                 "actor_id": None, "actor_kind": "service", "channel": "webhook"},
    }  # fmt: skip
