"""Somebody with a link to a survey: no account, no token of ours, only what the link names."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import orjson
from starlette.requests import Request

from guanxi_shared import logs
from guanxi_shared.calls import Actor, House, house
from guanxi_shared.db import Connection
from guanxi_shared.errors import Gone, NotFound
from guanxi_shared.signed_links import link_from
from guanxi_tickets.survey_sending.links import survey_key
from guanxi_tickets.surveys.language_rules import accepted, chosen, languages_of, worded

OPEN: Final = """
SELECT i.status, i.language, i.expires_at, i.partial::text AS partial, e.kind, e.default_language,
  e.texts::text AS texts, e.questions::text AS questions
FROM survey_invitations i JOIN survey_editions e
  ON e.organisation_id = i.organisation_id AND e.survey_id = i.survey_id AND e.number = i.edition
WHERE i.organisation_id = $1 AND i.id = $2 AND i.deleted_at IS NULL AND i.sent_at IS NOT NULL
"""
JSON: Final = ("partial", "texts", "questions")
LONGEST: Final = 40


@dataclass(frozen=True, slots=True)
class Visit:
    house: House
    request: Request
    organisation: UUID
    invitation_id: UUID

    @property
    def actor(self) -> Actor:
        return Actor(
            id=None, kind="customer", channel="link", request_id=logs.request_id.get() or None,
            trace_id=logs.trace_id.get() or None,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """The edition that was sent, and what is saved so far."""

    row: Mapping[str, Any]

    @property
    def questions(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.row["questions"]
        return found

    def language(self, wanted: str | None, header: str) -> str:
        """What is asked for by name, then by the invitation, then by the browser."""
        named = [each for each in (wanted, self.row["language"]) if each]
        return chosen([*named, *accepted(header)], languages_of(self.row))

    def around(self, name: str, language: str) -> str | None:
        """A text that stands around the questions."""
        texts = {key: each[name] for key, each in self.row["texts"].items() if each.get(name)}
        return worded(texts, language, self.row["default_language"]) or None


def begin_visit(request: Request) -> Visit:
    """NotFound for a token that is none of ours, Gone for one whose time has passed."""
    here = house(request)
    link = link_from(request.path_params["token"], survey_key(here))
    if link is None:
        raise NotFound("There is no survey at this address.")
    if link.expires_at <= datetime.now(UTC):
        raise Gone("This link has run out.", code="link_expired")
    logs.organisation_id.set(str(link.organisation_id))
    return Visit(here, request, link.organisation_id, link.subject_id)


async def asked_of(connection: Connection, visit: Visit) -> Asked:
    """Gone once it was answered."""
    row = await connection.fetchrow(OPEN, visit.organisation, visit.invitation_id)
    if row is None:
        raise NotFound("There is no survey at this address.")
    if row["status"] == "answered":
        raise Gone("You have answered already; thank you.", code="survey_answered")
    if row["status"] not in ("sent", "started"):
        raise Gone("This survey was taken back.", code="survey_closed")
    found = dict(row.items())
    return Asked(found | {name: orjson.loads(found[name]) for name in JSON})


def wanted_language(visit: Visit) -> tuple[str | None, str]:
    """`lang` of the address, and what the browser says."""
    named = visit.request.query_params.get("lang")
    return (named or "")[:LONGEST] or None, visit.request.headers.get("accept-language", "")
