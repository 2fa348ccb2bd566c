"""Which quotas the groups of a forecast are held against, and all of them together."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from guanxi_pipeline.forecasts.asked import Asked
from guanxi_pipeline.quotas.rules import Quota, Sums, added, quota_of


def quotas_by_key(
    asked: Asked, quotas: Sequence[Quota], keys: Collection[UUID | None]
) -> dict[UUID, Sums]:
    """By person or team each one's own; by pipeline or product the sum of what people (or the team
    that is asked for) have for it."""
    meant = _meant(asked, quotas, keys)
    found: dict[UUID, Sums] = {}
    for key in {_key_of(asked, quota) for quota in meant}:
        if key is None:
            continue
        mine = [q for q in meant if q.of == key] if asked.by in ("person", "team") else meant
        total = _sum_of(asked, mine, **{**_for(asked), **_named(asked, key)})
        if total is not None:
            found[key] = total
    return found


def total_quota(
    asked: Asked, quotas: Sequence[Quota], keys: Collection[UUID | None]
) -> Sums | None:
    """The sum; a team that is asked for has the quotas of itself and the teams under it, else those of
    the people who count there."""
    if asked.team_id is not None and asked.owner_id is None:
        total = _sum_of(asked, _of_teams(quotas), **_for(asked))
        if total is not None or asked.by != "person":
            return total
    return _sum_of(asked, _meant(asked, quotas, keys), **_for(asked))


def _meant(asked: Asked, quotas: Sequence[Quota], keys: Collection[UUID | None]) -> list[Quota]:
    """People's quotas, or teams' where it is asked by team; within a team those of who counts there."""
    if asked.by == "team" or (asked.team_id and not asked.owner_id and asked.by != "person"):
        return _of_teams(quotas)
    people = [q for q in quotas if not q.is_teams and asked.owner_id in (None, q.of)]
    return (
        people
        if asked.team_id is None or asked.by != "person"
        else [q for q in people if q.of in keys]
    )


def _of_teams(quotas: Sequence[Quota]) -> list[Quota]:
    return [q for q in quotas if q.is_teams and q.is_under]


def _key_of(asked: Asked, quota: Quota) -> UUID | None:
    return {"pipeline": quota.pipeline_id, "product": quota.product_id}.get(asked.by, quota.of)


def _for(asked: Asked) -> dict[str, Any]:
    return {"pipeline_id": asked.pipeline_id, "product_id": asked.product_id}


def _named(asked: Asked, key: UUID) -> dict[str, Any]:
    return {f"{asked.by}_id": key} if asked.by in ("pipeline", "product") else {}


def _sum_of(
    asked: Asked, quotas: Sequence[Quota], *, pipeline_id: UUID | None, product_id: UUID | None
) -> Sums | None:
    """Over people or teams; None when none of them has one."""
    each = [
        quota_of(
            [q for q in quotas if q.of == of], asked.period,
            pipeline_id=pipeline_id, product_id=product_id,
        )
        for of in sorted({q.of for q in quotas})
    ]  # fmt: skip
    known = [sums for sums in each if sums is not None]
    return added(known) if known else None
