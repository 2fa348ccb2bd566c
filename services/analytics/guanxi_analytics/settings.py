"""The settings of analytics alone; prefix ANALYTICS_."""

from typing import Literal

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from guanxi_shared.settings import ServiceSettings


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="ANALYTICS_", extra="ignore")

    # smtp://user:password@host:587 or smtps://…; unset: letters are files in the data folder's mail/analytics.
    smtp_url: str | None = None
    mail_from: str = "Guanxi <no-reply@localhost>"
    # Where facts are kept as months of Parquet: s3://bucket/prefix (gs://, az://), or a folder; unset: columns/ of the
    # data folder.
    columns: str | None = None
    # What computes features of them: duckdb, or spark (install pyspark; it goes by its own settings).
    engine: Literal["duckdb", "spark"] = "duckdb"
    # Rows of queries and reports with fewer customers behind them are not told; 0: all are.
    smallest_cell: int = Field(default=0, ge=0, le=1_000)


def settings() -> Settings:
    return Settings()  # every value comes from the environment
