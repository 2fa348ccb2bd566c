"""Every table of the gateway: the data dictionary, a file for each thing that is kept.

Secrets are kept as SHA-256 of 256 random bits (keys, tokens, codes), as argon2id (passwords), or
sealed with the gateway's secret (TOTP seeds, signing keys, secrets of webhooks); none can be read back from a dump.
"""

from guanxi_gateway.models.audit import AuditEntry, AuditHead
from guanxi_gateway.models.composites import Composite, CompositeTurn
from guanxi_gateway.models.credentials import (
    ApiKey,
    FailedSignIn,
    Lookup,
    PasswordReset,
    RefreshToken,
    Revocation,
    SigningKey,
    SignInSession,
    TotpDevice,
)
from guanxi_gateway.models.limits import RateLimit
from guanxi_gateway.models.oauth import DeviceCode, OAuthClient, OAuthCode
from guanxi_gateway.models.people import (
    Invitation,
    Organisation,
    Role,
    Share,
    Team,
    TeamMember,
    User,
)
from guanxi_gateway.models.phones import Device, SyncCursor, SyncDeletion, SyncProfile
from guanxi_gateway.models.webhooks import Webhook, WebhookAttempt, WebhookDelivery, WebhookTurn

# Shared by all organisations, without a row-level policy: they hold hashes, counters and times.
# `signing_keys` holds sealed private keys. Only the roles of this schema can read any of them.
PLATFORM_TABLES = frozenset(
    {"lookups", "signing_keys", "rate_limits", "failed_sign_ins", "revocations"}
)

__all__ = [
    "PLATFORM_TABLES",
    "ApiKey",
    "AuditEntry",
    "AuditHead",
    "Composite",
    "CompositeTurn",
    "Device",
    "DeviceCode",
    "FailedSignIn",
    "Invitation",
    "Lookup",
    "OAuthClient",
    "OAuthCode",
    "Organisation",
    "PasswordReset",
    "RateLimit",
    "RefreshToken",
    "Revocation",
    "Role",
    "Share",
    "SignInSession",
    "SigningKey",
    "SyncCursor",
    "SyncDeletion",
    "SyncProfile",
    "Team",
    "TeamMember",
    "TotpDevice",
    "User",
    "Webhook",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookTurn",
]
