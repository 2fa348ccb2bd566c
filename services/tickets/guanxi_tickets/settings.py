"""The settings of tickets alone; prefix TICKETS_."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from guanxi_shared.calls import Call
from guanxi_shared.tus.settings import UploadSettings


class Settings(UploadSettings):
    model_config = SettingsConfigDict(env_prefix="TICKETS_", extra="ignore")

    files_dir: Path = Path(".data/files/tickets")
    default_region: str = "CN"
    max_import_bytes: int = Field(default=200_000_000, ge=1)
    import_chunk_rows: int = Field(default=1_000, ge=1)
    # What somebody without a token may send; the others' limit holds for them, too.
    max_visitor_file_bytes: int = Field(default=10_000_000, ge=1)
    # smtp://user:password@host:587 or smtps://…; unset: letters are files in the data folder's mail/tickets.
    smtp_url: str | None = None
    mail_from: str = "Guanxi <no-reply@localhost>"
    # The address that customers know the suite by; unset: GUANXI_GATEWAY_URL.
    public_url: str | None = None
    # Where links in letters lead; a page of one's own reads what is at the token's public path.
    survey_url: str = "{public_url}/v1/public/surveys/{token}"
    portal_url: str = "{public_url}/v1/public/portal/{token}"


def settings() -> Settings:
    return Settings()  # every value comes from the environment


def own_settings(call: Call) -> Settings:
    """Those of the process that answers a request."""
    found = call.house.settings
    assert isinstance(found, Settings)
    return found
