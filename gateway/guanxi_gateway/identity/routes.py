"""Every route of identity, for the composition root."""

from guanxi_gateway.identity.api_keys.routes import router as api_keys
from guanxi_gateway.identity.audit_trail.routes import router as audit_trail
from guanxi_gateway.identity.clients.routes import router as clients
from guanxi_gateway.identity.devices.routes import router as devices
from guanxi_gateway.identity.invitations.routes import router as invitations
from guanxi_gateway.identity.me.routes import router as me
from guanxi_gateway.identity.oauth.routes import router as oauth
from guanxi_gateway.identity.oidc.routes import router as oidc
from guanxi_gateway.identity.organisations.routes import router as organisations
from guanxi_gateway.identity.resets.routes import router as resets
from guanxi_gateway.identity.rights.routes import router as rights
from guanxi_gateway.identity.roles.routes import router as roles
from guanxi_gateway.identity.sessions.routes import router as sessions
from guanxi_gateway.identity.shares.records import find_record
from guanxi_gateway.identity.shares.routes import shares_router
from guanxi_gateway.identity.teams.routes import router as teams
from guanxi_gateway.identity.users.routes import router as users

ROUTERS = (
    sessions,
    resets,
    oidc,
    me,
    organisations,
    users,
    invitations,
    teams,
    roles,
    rights,
    shares_router(find_record),
    api_keys,
    clients,
    devices,
    oauth,
    audit_trail,
)
