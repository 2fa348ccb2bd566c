"""The settings of tickets alone; prefix TICKETS_."""

from pydantic_settings import SettingsConfigDict

from guanxi_shared.settings import ServiceSettings


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="TICKETS_", extra="ignore")


def settings() -> Settings:
    return Settings()  # every value comes from the environment
