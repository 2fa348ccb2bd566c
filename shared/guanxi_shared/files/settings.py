"""The settings of a service that keeps files: where, how big, of which types; its own prefix before each."""

from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

from guanxi_shared.calls import House
from guanxi_shared.settings import ServiceSettings

PROGRAMS = (
    "application/x-msdownload,application/x-executable,application/x-mach-binary,"
    "application/vnd.microsoft.portable-executable"
)


def _words(value: object) -> object:
    """`a, b` of the environment as a list."""
    return [w.strip() for w in value.split(",") if w.strip()] if isinstance(value, str) else value


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)]


class FileSettings(ServiceSettings):
    files_dir: Path
    max_file_bytes: int = Field(default=100_000_000, ge=1)
    allowed_file_types: Words = ()  # all but the denied
    denied_file_types: Words = Field(default=PROGRAMS, validate_default=True)
    deleted_files_kept_days: int = Field(default=30, ge=0)
    bucket: str = ""  # set: new files go there
    bucket_endpoint: str = ""
    bucket_region: str = ""
    bucket_prefix: str = ""
    bucket_key_id: str = ""
    bucket_secret: str = ""


def file_settings(here: House) -> FileSettings:
    """Those of the process that answers a request."""
    found = here.settings
    assert isinstance(found, FileSettings)
    return found
