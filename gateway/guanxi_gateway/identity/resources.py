"""Identity's resources as data: what lists, filters, sorts and answers go by."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from sqlalchemy import ColumnElement, Table, func, select, text
from sqlmodel import SQLModel

from guanxi_gateway.identity.api_keys.schemas import ApiKeyRead
from guanxi_gateway.identity.clients.schemas import OAuthClientRead
from guanxi_gateway.identity.devices.schemas import DeviceRead
from guanxi_gateway.identity.directory import SHARE_FIELDS, TEAM_FIELDS, USER_FIELDS
from guanxi_gateway.identity.invitations.schemas import InvitationRead
from guanxi_gateway.identity.roles.schemas import RoleRead
from guanxi_gateway.identity.shares.schemas import ShareRead
from guanxi_gateway.identity.teams.schemas import TeamRead
from guanxi_gateway.identity.users.schemas import UserRead
from guanxi_gateway.models import (
    ApiKey,
    Device,
    Invitation,
    OAuthClient,
    Role,
    Share,
    Team,
    TeamMember,
    User,
)
from guanxi_shared import resources as r
from guanxi_shared.resources import Field, Resource


def table_of(model: type[SQLModel]) -> Table:
    found: Table = model.__table__  # type: ignore[attr-defined]
    return found


def _fields(table: Table, names: Sequence[str]) -> dict[str, Field]:
    return {name: r.column_field(table, name) for name in names}


def _id_list(name: str, shown: ColumnElement[Any]) -> Field:
    return Field(
        name=name, kind=r.OBJECTS, shown=shown, compared=shown, columns=(), is_filtered=False
    )


_USERS, _TEAMS, _MEMBERS = table_of(User), table_of(Team), table_of(TeamMember)

_TEAM_IDS = (
    select(func.coalesce(func.jsonb_agg(_MEMBERS.c.team_id), text("'[]'::jsonb")))
    .where(
        _MEMBERS.c.organisation_id == _USERS.c.organisation_id, _MEMBERS.c.user_id == _USERS.c.id
    )
    .correlate(_USERS)
    .scalar_subquery()
)
_MEMBER_IDS = (
    select(func.coalesce(func.jsonb_agg(_MEMBERS.c.user_id), text("'[]'::jsonb")))
    .where(
        _MEMBERS.c.organisation_id == _TEAMS.c.organisation_id, _MEMBERS.c.team_id == _TEAMS.c.id
    )
    .correlate(_TEAMS)
    .scalar_subquery()
)


def _resource(
    name: str, noun: str, table: Table, fields: Mapping[str, Field], model: type[BaseModel]
) -> Resource:
    computed = frozenset(name for name, field in fields.items() if not field.columns)
    return Resource(
        name, noun, "gateway", table, fields,
        computed=computed, default_sort="-created_at", model=model,
    )  # fmt: skip


USERS = _resource(
    "users",
    "user",
    _USERS,
    {**_fields(_USERS, USER_FIELDS), "team_ids": _id_list("team_ids", _TEAM_IDS)},
    UserRead,
)
TEAMS = _resource(
    "teams",
    "team",
    _TEAMS,
    {**_fields(_TEAMS, TEAM_FIELDS), "member_ids": _id_list("member_ids", _MEMBER_IDS)},
    TeamRead,
)
SHARES = _resource(
    "shares", "share", table_of(Share), _fields(table_of(Share), SHARE_FIELDS), ShareRead
)
ROLES = _resource(
    "roles",
    "role",
    table_of(Role),
    _fields(
        table_of(Role),
        (
            "id",
            "name",
            "description",
            "permissions",
            "visibility",
            "version",
            "created_at",
            "updated_at",
        ),
    ),
    RoleRead,
)
API_KEYS = _resource(
    "api-keys",
    "api_key",
    table_of(ApiKey),
    _fields(
        table_of(ApiKey),
        (
            "id", "name", "public_id", "owner_id", "scopes", "expires_at", "last_used_at", "version",
            "created_at", "updated_at",
        ),
    ),
    ApiKeyRead,
)  # fmt: skip
CLIENTS = _resource(
    "oauth-clients",
    "oauth_client",
    table_of(OAuthClient),
    _fields(
        table_of(OAuthClient),
        (
            "id", "name", "redirect_uris", "grant_types", "scopes", "is_public", "user_id",
            "version", "created_at", "updated_at",
        ),
    ),
    OAuthClientRead,
)  # fmt: skip
_DEVICES = table_of(Device)
_TAKES_HINTS = Field(
    name="takes_hints", kind=r.BOOLEAN, shown=_DEVICES.c.push_token.is_not(None),
    compared=_DEVICES.c.push_token.is_not(None), columns=(), is_filtered=False,
)  # fmt: skip
DEVICES = _resource(
    "devices",
    "device",
    _DEVICES,
    {**_fields(
        _DEVICES,
        (
            "id", "device_id", "name", "platform", "app_version", "owner_id", "last_pulled_at",
            "last_pushed_at", "wipe_ordered_at", "wipe_ordered_by_id", "wiped_at", "version",
            "created_at", "updated_at",
        ),
    ), "takes_hints": _TAKES_HINTS},
    DeviceRead,
)  # fmt: skip
INVITATIONS = _resource(
    "invitations",
    "invitation",
    table_of(Invitation),
    _fields(
        table_of(Invitation),
        (
            "id", "email", "name", "role", "team_ids", "invited_by_id", "expires_at", "accepted_at",
            "version", "created_at", "updated_at",
        ),
    ),
    InvitationRead,
)  # fmt: skip

# Those whose changes are in the feed. Roles, keys and clients are in the audit log alone.
PUBLISHED = (USERS, TEAMS, SHARES)
