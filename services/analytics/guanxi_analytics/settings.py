"""The settings of analytics alone; prefix ANALYTICS_."""

from pydantic_settings import SettingsConfigDict

from guanxi_shared.settings import ServiceSettings


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="ANALYTICS_", extra="ignore")


def settings() -> Settings:
    return Settings()  # every value comes from the environment
