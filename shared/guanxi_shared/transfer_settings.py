"""The settings of a service that takes tables in and gives them out: it has them itself, as its own."""

from pathlib import Path
from typing import Protocol, runtime_checkable

from guanxi_shared.calls import Call


@runtime_checkable
class TransferSettings(Protocol):
    """`default_region` says whose national phone numbers are meant (ISO 3166)."""

    @property
    def files_dir(self) -> Path: ...
    @property
    def default_region(self) -> str: ...
    @property
    def max_import_bytes(self) -> int: ...
    @property
    def import_chunk_rows(self) -> int: ...


def transfer_settings(call: Call) -> TransferSettings:
    """Those of the process that answers a request."""
    found = call.house.settings
    assert isinstance(found, TransferSettings)
    return found
