"""A row of a file as an article, through the models of requests; no database."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from guanxi_shared.auth import Principal
from guanxi_shared.errors import Invalid, Problem
from guanxi_shared.identifiers import new_id
from guanxi_shared.imports.blaming import reasons_of
from guanxi_shared.imports.named_records import uuid_or_none
from guanxi_shared.imports.prepared import Prepared
from guanxi_shared.imports.preparing import (
    HeldAgainst,
    keys_of,
    read_row,
    take_moment,
    validated,
)
from guanxi_shared.tables.rows import Row
from guanxi_tickets.articles.resources import ARTICLES
from guanxi_tickets.articles.schemas import ArticleCreate, ArticleUpdate
from guanxi_tickets.articles.service import DEFAULTS, columns_from
from guanxi_tickets.articles.sight import may_see
from guanxi_tickets.imports.named_settings import take_setting
from guanxi_tickets.imports.setting_cells import refuse
from guanxi_tickets.imports.ticket_fields import KINDS
from guanxi_tickets.models.articles import ARTICLE_STATES

WHOLE: Final = frozenset({"title", "body", "language"})
MOMENTS: Final = ("published_at", "reviewed_at")
MOST_EDITIONS: Final = 1_000_000
OUT: Final = frozenset({"published", "archived"})


class ArticlePreparation:
    """`more`: `state`, moments of the past, and what the row says it translates."""

    def __init__(self, held: HeldAgainst, by: Principal) -> None:
        self.held = held
        self._by = by
        self._base = held.empty_row(ARTICLES, DEFAULTS)

    def prepare(self, row: Row) -> Prepared:
        found, document, created_at = read_row(row, self.held)
        if row.problem is not None:
            return found
        for name in MOMENTS:
            found.more[name] = self._past(found, document, name)
        take_setting(found, document, "category")
        self._take_translation(found, document)
        found.more["state"] = self._state(found, document)
        found.more["edition"] = self._edition(found, document)
        if isinstance(document.get("kinds"), list):
            document["kinds"] = [KINDS.get(each, each) for each in document["kinds"]]
        is_new = document.keys() >= WHOLE
        sent = validated(
            found, document, self.held.cells, new=ArticleCreate, change=ArticleUpdate, is_new=is_new
        )
        if sent is None or found.reasons:
            return found
        try:
            self._settle(found, sent, created_at, is_new=is_new)
        except Problem as problem:
            found.reasons.extend(self.blame(problem, found.cells))
        return found

    def _settle(
        self, found: Prepared, sent: dict[str, Any], created_at: datetime | None, *, is_new: bool
    ) -> None:
        if not may_see(self._by, sent.get("visibility", "internal" if is_new else "public")):
            raise Invalid(
                "You may write only what you may read.",
                errors={"visibility": "You do not see articles of this visibility."},
            )
        found.wanted_id = sent.pop("id", found.wanted_id)
        found.columns = columns_from(sent)
        found.keys = keys_of(self.held.options.key, sent, sent.get("title"))
        if is_new:
            fresh = {**self._base, "owner_id": self._by.user_id, **found.columns}
            found.fresh = {
                **fresh, "id": found.wanted_id or new_id(), "created_at": created_at,
            }  # fmt: skip

    def _state(self, found: Prepared, document: dict[str, Any]) -> str | None:
        """What is out, or was, those put out who may approve."""
        state = document.pop("state", None)
        if state is None:
            return None
        if state not in ARTICLE_STATES:
            refuse(found, self.held.cells, "state", f"is none of: {', '.join(ARTICLE_STATES)}")
        elif state in OUT and not self._by.may("articles:approve"):
            refuse(found, self.held.cells, "state", "you may not publish; leave it in_review")
        return str(state)

    def _edition(self, found: Prepared, document: dict[str, Any]) -> int | None:
        """How often it was published elsewhere; what it says now is kept as that version."""
        edition = document.pop("edition", None)
        if edition is None or (isinstance(edition, int) and 0 <= edition <= MOST_EDITIONS):
            return edition
        refuse(found, self.held.cells, "edition", f"is no number from 0 to {MOST_EDITIONS}")
        return None

    def _past(self, found: Prepared, document: dict[str, Any], name: str) -> datetime | None:
        at = take_moment(found, document, self.held.cells, name)
        if at is not None and at > datetime.now(UTC):
            refuse(found, self.held.cells, name, "is still to come")
        return at

    def _take_translation(self, found: Prepared, document: dict[str, Any]) -> None:
        """`more["of"]`: the article by id or external id, or the group, of which this is a translation."""
        of = found.references.pop("translation_of", None) or document.pop("translation_of", None)
        group = found.references.pop("translation_group_id", None)
        group = group or document.pop("translation_group_id", None)
        found.more["group"] = group_id = uuid_or_none(str(group)) if group else None
        if group and group_id is None:
            refuse(found, self.held.cells, "translation_group_id", "is no id")
        found.more["of"] = str(of).strip() if of else None

    def blame(self, problem: Problem, cells: Mapping[str, str]) -> list[dict[str, Any]]:
        return reasons_of(problem, cells, self._column_of)

    def _column_of(self, field: str) -> str | None:
        return self.held.cells.column_of(field, field.removesuffix("_id"))


def named_of(row: Prepared) -> tuple[UUID | None, str | None]:
    """The article that a row says it translates: by id, or by external id."""
    of = row.more["of"]
    id = None if of is None else uuid_or_none(of)
    return id, of if id is None else None
