"""The settings of tickets alone; prefix TICKETS_."""

from pathlib import Path

from pydantic_settings import SettingsConfigDict

from guanxi_shared.files.settings import FileSettings


class Settings(FileSettings):
    model_config = SettingsConfigDict(env_prefix="TICKETS_", extra="ignore")

    files_dir: Path = Path(".data/files/tickets")


def settings() -> Settings:
    return Settings()  # every value comes from the environment
