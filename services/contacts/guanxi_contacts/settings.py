"""The settings of contacts alone; prefix CONTACTS_."""

from pathlib import Path

from pydantic_settings import SettingsConfigDict

from guanxi_shared.settings import ServiceSettings


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="CONTACTS_", extra="ignore")

    files_dir: Path = Path(".data/files/contacts")
    default_region: str = "CN"


def settings() -> Settings:
    return Settings()  # every value comes from the environment
