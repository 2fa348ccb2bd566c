"""What an erasure of contacts carries from place to place, beside what every erasure does."""

from dataclasses import dataclass, field
from uuid import UUID

from guanxi_contacts.privacy.persons import Kind
from guanxi_contacts.privacy.suppressions import SuppressionList
from guanxi_shared.erasing import records
from guanxi_shared.records import Loaded


@dataclass(slots=True, kw_only=True)
class Erasing(records.Erasing):
    """`person_ids`: the person first, then records that were merged into theirs."""

    kind: Kind
    loaded: Loaded
    suppressions: SuppressionList
    blobs: list[tuple[str, UUID]] = field(default_factory=list)  # storage and bytes, to be deleted
