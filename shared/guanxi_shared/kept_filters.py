"""Search documents that are kept: in pools, views and segments."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from guanxi_shared import filters
from guanxi_shared.auth import Principal
from guanxi_shared.custom_fields import CustomFields
from guanxi_shared.db import Database
from guanxi_shared.errors import Invalid, Malformed
from guanxi_shared.filters import Clock, Groups
from guanxi_shared.reads import Asker
from guanxi_shared.resources import Resource
from guanxi_shared.visibility import EVERYTHING, Directory, Scope, sight_of


class BrokenFilter(Invalid):
    code, title = "broken_filter", "A filter names what does not exist"


@dataclass(frozen=True, slots=True)
class Errand:
    """An asker that is no request: a job in somebody's name, or a duty in nobody's, which sees all."""

    db: Database
    organisation: UUID
    clock: Clock
    custom_fields: CustomFields
    by: Principal | None = None

    async def scope_of(self, resource: Resource) -> Scope:
        return EVERYTHING if self.by is None else await sight_of(self, self.by, resource)

    async def scope(self, resource: str) -> Scope:
        return EVERYTHING if self.by is None else await Directory(self.db).scope(self.by, resource)


def as_kept(asker: Asker) -> Errand:
    """What somebody keeps for others means to all what its author was let mean by it: the segments in
    it are not looked for with the eyes of whoever happens to use it. What they see is another thing."""
    return Errand(asker.db, asker.organisation, asker.clock, asker.custom_fields)


async def understood(
    asker: Asker, resource: Resource, document: Mapping[str, Any], *, where: str
) -> Groups:
    """The conditions of a kept document as they are meant now; BrokenFilter names `where` and what in
    it means nothing (any more)."""
    fields = await asker.custom_fields.extend(asker.organisation, resource)
    groups = document.get("filter_groups") or []
    try:
        read = filters.groups_from_document(groups, fields, asker.clock)
        return await filters.prepared(asker, read)
    except Malformed as problem:
        raise broken(problem, where) from problem


def whole_values(data: BaseModel) -> dict[str, Any]:
    """The fields that a patch sends, each whole: a document is replaced, not merged into."""
    return data.model_dump(include=data.model_fields_set)


def broken(problem: Malformed, where: str) -> BrokenFilter:
    """What a document is refused for, said of the place where it is kept."""
    reasons = " ".join(problem.errors.values())
    code = problem.instance_code if problem.instance_code == "segment_cycle" else None
    said = f"{problem.detail} {reasons}".strip()
    return BrokenFilter(f"{where}: {problem.detail}", errors={where: said}, code=code)
