"""In which form an answer is wanted: `format=`, else the Accept header, else JSON; and in which language."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from guanxi_shared import documents
from guanxi_shared.calls import Call
from guanxi_shared.db import bound
from guanxi_shared.parameters import choice_of

TYPES: Final[Mapping[str, str]] = {
    "json": "application/json", "svg": "image/svg+xml", "png": "image/png", "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet", "html": "text/html", "pdf": "application/pdf",
}  # fmt: skip
LANGUAGES: Final = ("en", "zh")
CURRENCY: Final = "SELECT currency FROM directory_state WHERE organisation_id = $2"
REGION: Final = "SELECT region FROM directory_state WHERE organisation_id = $2"


def form_of(call: Call, sent: Mapping[str, str], forms: Collection[str], default: str) -> str:
    """Where a language is sent as well, it is one that we have."""
    choice_of(sent, "language", LANGUAGES, LANGUAGES[0])
    if "format" in sent:
        return choice_of(sent, "format", forms, default)
    accepted = call.request.headers.get("accept", "").lower()
    wanted = [part.partition(";")[0].strip() for part in accepted.split(",")]
    found = [form for kind in wanted for form in forms if TYPES[form] == kind]
    return found[0] if found else default


async def language_of(call: Call, sent: Mapping[str, str]) -> str:
    """As asked for; else Chinese where the organisation is in China, English anywhere else."""
    if "language" in sent:
        return choice_of(sent, "language", LANGUAGES, "en")
    region = await call.db.pool.fetchval(bound(REGION), str(call.organisation), call.organisation)
    return "zh" if region == "CN" else "en"


async def own_currency(call: Call) -> str | None:
    """The organisation's."""
    found: str | None = await call.db.pool.fetchval(
        bound(CURRENCY), str(call.organisation), call.organisation
    )
    return found


def parameters(forms: Collection[str]) -> list[dict[str, Any]]:
    """Of OpenAPI."""
    return [
        documents.query_parameter(
            "format", "string", "In which form; or by the Accept header.", enum=list(forms)
        ),
        documents.query_parameter(
            "language", "string", "Of names and labels; that of the organisation if absent.", enum=list(LANGUAGES)
        ),
    ]  # fmt: skip


def contents(forms: Collection[str], description: str = "Done") -> dict[int | str, dict[str, Any]]:
    """The answers that are files."""
    binary = {"schema": {"type": "string", "format": "binary"}}
    return {
        200: {
            "description": description,
            "content": {TYPES[form]: binary for form in forms if form != "json"},
        }
    }
