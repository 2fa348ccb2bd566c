"""The settings of contacts alone; prefix CONTACTS_."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from guanxi_shared.calls import Call
from guanxi_shared.tus.settings import UploadSettings


class Settings(UploadSettings):
    model_config = SettingsConfigDict(env_prefix="CONTACTS_", extra="ignore")

    files_dir: Path = Path(".data/files/contacts")
    default_region: str = "CN"
    max_import_bytes: int = Field(default=200_000_000, ge=1)
    import_chunk_rows: int = Field(default=1_000, ge=1)
    visit_tolerance_m: int = Field(default=500, ge=0)
    # How long a segment waits for the next look at which accounts are in it; a new or changed one waits for a minute.
    segment_look_minutes: int = Field(default=15, ge=1, le=1_440)
    suppression_key: str = ""  # of the hashes of erased addresses; if unset, of the service secret


def settings() -> Settings:
    return Settings()  # every value comes from the environment


def own_settings(call: Call) -> Settings:
    """Those of the process that answers a request."""
    found = call.house.settings
    assert isinstance(found, Settings)
    return found
