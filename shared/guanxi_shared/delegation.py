"""A caller remembered with a job: for whom a worker works, and what they may do and see.

Rights and breadth are those of the moment the job was asked for; whose records that means is
resolved anew from the directory while it runs.
"""

import math
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from guanxi_shared import logs
from guanxi_shared.auth import Principal
from guanxi_shared.calls import Actor


def as_params(by: Principal) -> dict[str, Any]:
    """Plain JSON for a job's params."""
    return {
        "kind": by.kind,
        "name": by.name,
        "organisation_id": str(by.organisation),
        "user_id": str(by.user_id) if by.user_id else None,
        "role": by.role,
        "permissions": sorted(by.permissions),
        "visibility": dict(by.visibility),
        "time_zone": by.time_zone,
        "scopes": None if by.scopes is None else sorted(by.scopes),
    }


def from_params(params: Mapping[str, Any]) -> Principal:
    scopes = params["scopes"]
    return Principal(
        kind=params["kind"],
        name=params["name"],
        organisation_id=UUID(params["organisation_id"]),
        user_id=UUID(params["user_id"]) if params["user_id"] else None,
        role=params["role"],
        permissions=frozenset(params["permissions"]),
        visibility=params["visibility"],
        time_zone=params["time_zone"],
        session_id=None,
        directory_version=0,
        expires_at=math.inf,
        scopes=None if scopes is None else frozenset(scopes),
    )


def actor_of(by: Principal, channel: str) -> Actor:
    return Actor(
        id=by.user_id, kind=by.kind, channel=channel, request_id=logs.request_id.get() or None
    )
