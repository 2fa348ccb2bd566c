"""The process beside the service that draws and sets type."""

import pytest

from guanxi_analytics.press import beside
from guanxi_analytics.press.beside import Press
from guanxi_shared.errors import Unavailable


async def test_what_takes_too_long_is_given_up_and_not_begun_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(beside, "SECONDS", 0.01)  # a process does not even start so soon
    press = Press()
    try:
        with pytest.raises(Unavailable, match="too long"):
            await press.make("parquet", {"names": [], "rows": []})
    finally:
        await press.close()
