"""Bodies of `/v1/me`."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_gateway.identity.fields import Name, Password, Zone
from guanxi_gateway.identity.organisations.schemas import OrganisationRead
from guanxi_gateway.identity.users.schemas import UserRead


class Me(UserRead):
    """`permissions` and `visibility` are what the credential used for this request allows;
    `scopes` null means that it is not narrowed below the role."""

    organisation: OrganisationRead
    permissions: list[str]
    visibility: dict[str, str]
    scopes: list[str] | None
    session_id: UUID | None
    directory_version: int


class ProfileUpdate(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Name = ""
    time_zone: Zone | None = None
    locale: str | None = Field(default=None, max_length=35)
    phone: str | None = Field(default=None, max_length=40)


class PasswordChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    current_password: str = Field(min_length=1, max_length=1024)
    new_password: Password


class TotpEnrolment(BaseModel):
    """`uri` is what the QR code for an authenticator app holds."""

    secret: str
    uri: str


class TotpCode(BaseModel):
    model_config = ConfigDict(extra="forbid")

    code: str = Field(min_length=1, max_length=40)


class NewRecoveryCodes(BaseModel):
    recovery_codes: list[str]
