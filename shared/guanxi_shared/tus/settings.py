"""How long a service waits for the next bytes of an upload."""

from pydantic import Field

from guanxi_shared.calls import Call
from guanxi_shared.files.settings import FileSettings


class UploadSettings(FileSettings):
    uploads_kept_hours: int = Field(default=168, ge=1)  # since their last bytes


def upload_settings(call: Call) -> UploadSettings:
    """Those of the process that answers a request."""
    found = call.house.settings
    assert isinstance(found, UploadSettings)
    return found
