"""The settings of analytics alone; prefix ANALYTICS_."""

from pydantic_settings import SettingsConfigDict

from guanxi_shared.settings import ServiceSettings


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="ANALYTICS_", extra="ignore")

    # smtp://user:password@host:587 or smtps://…; unset: letters are files in the data folder's mail/analytics.
    smtp_url: str | None = None
    mail_from: str = "Guanxi <no-reply@localhost>"


def settings() -> Settings:
    return Settings()  # every value comes from the environment
