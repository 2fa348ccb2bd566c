"""Rows that no key recognises and that are likely a record all the same: told instead of taken."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from guanxi_contacts.duplicates import rules
from guanxi_contacts.duplicates.candidates import Candidate, candidates_by_keys
from guanxi_contacts.duplicates.keys import AskedKey
from guanxi_contacts.duplicates.service import asked_of
from guanxi_shared.db import Connection
from guanxi_shared.imports.cells import reason
from guanxi_shared.imports.prepared import Prepared, Terms
from guanxi_shared.resources import Resource
from guanxi_shared.visibility import Scope


class LikelyDuplicates:
    """Looks for a chunk's new rows among the records, all in one statement, and among the rows before
    them. A dry run remembers the rows of every chunk: nothing else knows them."""

    def __init__(self, resource: Resource, terms: Terms) -> None:
        self._resource = resource
        self._terms = terms
        self._is_wanted = terms.options.likely_duplicates == "refuse"
        self._by_key: dict[str, list[Candidate]] = {}
        self._taken: dict[str, Prepared] = {}

    async def load(self, connection: Connection, rows: Sequence[Prepared]) -> None:
        if not self._is_wanted:
            return
        self._by_key = {}
        if not self._terms.is_dry:
            self._taken = {}
        keys = {each.key for row in rows for each in self._asked(row)}
        found = await candidates_by_keys(
            connection, self._resource, self._terms.organisation_id, keys=sorted(keys)
        )
        for candidate in found:
            for key in candidate.keys & keys:
                self._by_key.setdefault(key, []).append(candidate)

    def problem_of(self, row: Prepared, scope: Scope) -> dict[str, Any] | None:
        """Why a new row is not taken; None when nothing speaks against it, and the row is known then."""
        if not self._is_wanted:
            return None
        asked = self._asked(row)
        sentence = self._among_records(asked, scope) or self._among_rows(asked, row)
        if sentence is not None:
            return reason(None, "", sentence)
        for key in row.fresh["match_keys"] if row.fresh is not None else ():
            self._taken.setdefault(key, row)
        return None

    def _asked(self, row: Prepared) -> list[AskedKey]:
        return [] if row.fresh is None else asked_of(self._resource, row.fresh)

    def _among_records(self, asked: Sequence[AskedKey], scope: Scope) -> str | None:
        near: dict[UUID, Candidate] = {
            candidate.id: candidate
            for each in asked
            for candidate in self._by_key.get(each.key, ())
        }
        judged = [(self._judged(asked, each.keys), each) for each in near.values()]
        if not judged:
            return None
        (score, why), candidate = max(judged, key=lambda pair: pair[0][0])
        if score < rules.LIKELY:
            return None
        whose = f" owned by {candidate.owner_name}" if candidate.owner_name else ""
        name = candidate.record()["name"] if candidate.is_visible_to(scope) else None
        what = f"{name!r}" if name else f"a {self._resource.noun} that you do not see"
        return f"This is likely {what}{whose} already. {why}"

    def _among_rows(self, asked: Sequence[AskedKey], row: Prepared) -> str | None:
        near = {r.number: r for each in asked if (r := self._taken.get(each.key)) is not None}
        for number in sorted(near):
            other = near[number]
            if number >= row.number or other.fresh is None:  # a chunk that is tried again in halves
                continue
            score, why = self._judged(asked, frozenset(other.fresh["match_keys"]))
            if score >= rules.LIKELY:
                return f"This is likely the same as line {other.line}. {why}"
        return None

    def _judged(self, asked: Sequence[AskedKey], kept: frozenset[str]) -> tuple[float, str]:
        weights = rules.WEIGHTS[self._resource.name]
        evidence = rules.shared_keys(asked, kept)
        strongest = rules.strongest_first(evidence, weights)
        return rules.score_of(evidence, weights), strongest[0].detail if strongest else ""
