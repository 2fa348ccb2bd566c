"""What an erasure carries from place to place, beside what every erasure does."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from guanxi_shared.erasing import records


@dataclass(slots=True, kw_only=True)
class Erasing(records.Erasing):
    """`person_ids` are their leads. `noun` and `subject_id` say who it is: a contact or an account of
    contacts, or a lead that is erased by itself; `known_ids` are those that contacts has, or had, of
    them. `whole_texts` are texts of theirs that others may have taken over as they are."""

    noun: str
    subject_id: UUID
    known_ids: Sequence[UUID]
    whole_texts: frozenset[str]
    deal_ids: Sequence[UUID]  # opportunities that they are, or were, part of
