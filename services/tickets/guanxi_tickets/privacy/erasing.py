"""What an erasure carries from place to place, beside what every erasure does."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from guanxi_shared.erasing import records


@dataclass(slots=True, kw_only=True)
class Erasing(records.Erasing):
    """`person_ids` are their tickets. `noun` says who it is: a contact or an account of contacts, by all ids
    (`known_ids`) that those have, or had; or a requester who only typed who they are. `names` are names of
    theirs that are all that a text says, however short. `typed` are names that anybody may have typed, the
    beginning of a sentence too: they are looked for on their tickets, and nowhere else."""

    noun: str
    known_ids: Sequence[UUID]
    names: frozenset[str]
    typed: Sequence[str]
    blobs: list[tuple[str, UUID]] = field(default_factory=list)  # storage and bytes, to be deleted
