"""Settings of push hints: GATEWAY_HINT_…"""

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class HintSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="GATEWAY_HINT_", extra="ignore")

    # Who carries them: `log` writes them into the log, `off` sends none.
    provider: Literal["log", "off"] = "log"
    # Changes of so many seconds are one hint, and a device gets no more than one in that time.
    seconds: float = Field(default=30.0, gt=0)
    # A device that has not pulled since its hint gets another one after so long.
    again_seconds: float = Field(default=3600.0, gt=0)
