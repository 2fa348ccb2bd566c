"""The settings of contacts alone; prefix CONTACTS_."""

from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode, SettingsConfigDict

from guanxi_shared.calls import Call
from guanxi_shared.settings import ServiceSettings

PROGRAMS = (
    "application/x-msdownload,application/x-executable,application/x-mach-binary,"
    "application/vnd.microsoft.portable-executable"
)


def _words(value: object) -> object:
    """`a, b` of the environment as a list."""
    return [w.strip() for w in value.split(",") if w.strip()] if isinstance(value, str) else value


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)]


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="CONTACTS_", extra="ignore")

    files_dir: Path = Path(".data/files/contacts")
    default_region: str = "CN"
    max_import_bytes: int = Field(default=200_000_000, ge=1)
    import_chunk_rows: int = Field(default=1_000, ge=1)
    visit_tolerance_m: int = Field(default=500, ge=0)
    max_file_bytes: int = Field(default=100_000_000, ge=1)
    allowed_file_types: Words = ()  # all but the denied
    denied_file_types: Words = Field(default=PROGRAMS, validate_default=True)
    deleted_files_kept_days: int = Field(default=30, ge=0)
    suppression_key: str = ""  # of the hashes of erased addresses; if unset, of the service secret
    bucket: str = ""  # set: new files go there
    bucket_endpoint: str = ""
    bucket_region: str = ""
    bucket_prefix: str = ""
    bucket_key_id: str = ""
    bucket_secret: str = ""


def settings() -> Settings:
    return Settings()  # every value comes from the environment


def own_settings(call: Call) -> Settings:
    """Those of the process that answers a request."""
    found = call.house.settings
    assert isinstance(found, Settings)
    return found
