"""Settings of identity: GATEWAY_…, beside those of the gateway itself."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class IdentitySettings(BaseSettings):
    """Nothing here is needed to run; what is empty is switched off."""

    model_config = SettingsConfigDict(env_prefix="GATEWAY_", extra="ignore")

    # Seals TOTP seeds and signing keys, derives refresh tokens; the launcher makes one. Unset: derived
    # from GUANXI_SERVICE_SECRET, whose seals are opened in any case. Changing it ends open refresh
    # graces and asks for new TOTP devices.
    secret: str | None = Field(default=None, min_length=32)
    # The address that people and tokens know the suite by; unset: GUANXI_GATEWAY_URL.
    public_url: str | None = None
    # A failed sign-in takes this long, whatever was wrong with it.
    failed_sign_in_seconds: float = Field(default=0.3, ge=0, le=5)
    # smtp://user:password@host:587 or smtps://…; unset: mails are written to the log.
    smtp_url: str | None = None
    mail_from: str = "Guanxi <no-reply@localhost>"
    # Where links in mails lead; the token is put behind it.
    invitation_url: str = "{public_url}/invitation?token={token}"
    password_reset_url: str = "{public_url}/password-reset?token={token}"
    # Sign-in at an outside provider (OpenID Connect); all of the first three or none.
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: str | None = None
    oidc_redirect_uri: str | None = None
    oidc_scope: str = "openid email profile"


class SetupSettings(BaseSettings):
    """GUANXI_SETUP_TOKEN lets somebody without an account make the very first organisation."""

    model_config = SettingsConfigDict(env_prefix="GUANXI_", extra="ignore")

    setup_token: str | None = Field(default=None, min_length=20)
