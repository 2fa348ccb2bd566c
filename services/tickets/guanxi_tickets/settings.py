"""The settings of tickets alone; prefix TICKETS_."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from guanxi_shared.calls import Call
from guanxi_shared.files.settings import FileSettings


class Settings(FileSettings):
    model_config = SettingsConfigDict(env_prefix="TICKETS_", extra="ignore")

    files_dir: Path = Path(".data/files/tickets")
    default_region: str = "CN"
    max_import_bytes: int = Field(default=200_000_000, ge=1)
    import_chunk_rows: int = Field(default=1_000, ge=1)
    # What somebody without a token may send; the others' limit holds for them, too.
    max_visitor_file_bytes: int = Field(default=10_000_000, ge=1)


def settings() -> Settings:
    return Settings()  # every value comes from the environment


def own_settings(call: Call) -> Settings:
    """Those of the process that answers a request."""
    found = call.house.settings
    assert isinstance(found, Settings)
    return found
