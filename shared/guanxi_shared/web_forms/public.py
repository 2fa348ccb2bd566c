"""What the public routes of web forms have in common."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from guanxi_shared import documents
from guanxi_shared.web_forms.rules import still_asked
from guanxi_shared.web_forms.schemas import PublicSubmission
from guanxi_shared.web_forms.taking import URLENCODED

KEY: Final = {"name": "key", "in": "path", "required": True, "schema": {"type": "string"}}


def taken() -> dict[str, Any]:
    """What OpenAPI says of the route that a form is sent to."""
    body = documents.body_of(PublicSubmission)
    content = body["requestBody"]["content"]
    content[URLENCODED] = content["application/json"]
    return {"parameters": [KEY], "security": [], **body}


def asked(row: Mapping[str, Any], own: Collection[str]) -> dict[str, Any]:
    """What a page needs to show the form; `own` are the keys of the organisation's own fields."""
    consent = {"text": row["consent_text"], "is_required": row["is_consent_required"]}
    return {
        "name": row["name"], "fields": still_asked(row["fields"], own), "honeypot": row["honeypot"],
        "consent": consent if row["consent_text"] else None,
    }  # fmt: skip
