"""Bodies of `/v1/auth/password-resets`."""

from pydantic import BaseModel, ConfigDict, Field

from guanxi_gateway.identity.fields import Password


class PasswordResetCreate(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"email": "sales@demo.example"}]}
    )

    email: str = Field(min_length=1, max_length=320)


class PasswordResetComplete(BaseModel):
    model_config = ConfigDict(extra="forbid")

    token: str = Field(min_length=1, max_length=200)
    password: Password


class Accepted(BaseModel):
    """The same whether the address is known or not."""

    status: str = "accepted"
