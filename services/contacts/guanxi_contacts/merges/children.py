"""Everything that points at an account or at a contact: the one list that a merge moves by.

A new column that names an account or a contact belongs in here, or among `STAYING` with the reason;
a test walks the schema and asks for it.

    SCALAR   a column that holds one id; it comes to hold the survivor's
    ARRAY    a uuid[] column; the survivor takes the place, each id stands once
    LINK     a row of a table between the record and a child, `key` names the child; two links of
             one child become one (`rules.links_after`)

`shown_by` is the resource whose state shows the reference: its records get a new version and an
event. Without one the column is just set.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Table

from guanxi_contacts.activities.resources import ACTIVITIES, ACTIVITY
from guanxi_contacts.campaign_members.resources import CAMPAIGN_MEMBERS
from guanxi_contacts.campaign_members.resources import MEMBER as CAMPAIGN_MEMBER
from guanxi_contacts.files.resources import FILES
from guanxi_contacts.resources import ACCOUNT, ACCOUNTS, CONTACT, CONTACTS, LINK, METADATA
from guanxi_shared.resources import Resource

SEGMENT_MEMBER = METADATA.tables["segment_members"]
FILE_LINK = METADATA.tables["file_links"]
CONSENT = METADATA.tables["consents"]
TIMELINE = METADATA.tables["timeline_entries"]


class Kind(StrEnum):
    SCALAR = "scalar"
    ARRAY = "array"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class Child:
    of: str
    table: Table
    column: str
    kind: Kind
    shown_by: Resource | None = None
    key: str = "id"

    @property
    def name(self) -> str:
        return f"{self.table.name}.{self.column}"


CHILDREN: tuple[Child, ...] = (
    Child("accounts", ACCOUNT, "parent_id", Kind.SCALAR, ACCOUNTS),
    Child("accounts", ACCOUNT, "referred_by_id", Kind.SCALAR, ACCOUNTS),
    Child("accounts", LINK, "account_id", Kind.LINK, CONTACTS, key="contact_id"),
    Child("accounts", ACTIVITY, "account_ids", Kind.ARRAY, ACTIVITIES),
    Child("accounts", SEGMENT_MEMBER, "member_id", Kind.LINK, key="segment_id"),
    Child("contacts", CONTACT, "reports_to_id", Kind.SCALAR, CONTACTS),
    Child("accounts", FILE_LINK, "subject_id", Kind.LINK, FILES, key="file_id"),
    Child("contacts", FILE_LINK, "subject_id", Kind.LINK, FILES, key="file_id"),
    Child("contacts", CONSENT, "contact_id", Kind.SCALAR),
    Child("accounts", TIMELINE, "subject_id", Kind.LINK, key="event_id"),
    Child("contacts", TIMELINE, "subject_id", Kind.LINK, key="event_id"),
    Child("contacts", ACTIVITY, "contact_ids", Kind.ARRAY, ACTIVITIES),
    Child("contacts", SEGMENT_MEMBER, "member_id", Kind.LINK, key="segment_id"),
    # Two that come to name one person stay two, so that an undoing parts them again: readers count one.
    Child("accounts", CAMPAIGN_MEMBER, "member_id", Kind.SCALAR, CAMPAIGN_MEMBERS),
    Child("accounts", CAMPAIGN_MEMBER, "account_id", Kind.SCALAR, CAMPAIGN_MEMBERS),
    Child("contacts", CAMPAIGN_MEMBER, "member_id", Kind.SCALAR, CAMPAIGN_MEMBERS),
)

# What names an account or a contact and does not move.
STAYING: Mapping[str, str] = {
    "contact_accounts.contact_id": "a person's places are a field of theirs: united, not moved",
    "accounts.merged_into_id": "a chain of merges is followed to its end",
    "segment_accounts.account_id": "what was told of each account alone; after a merge what differs is told",
    "account_dealings.account_id": "facts of each account alone; the survivor takes the newer ones",
    "standing_changes.account_id": "the history of each account alone, told by its own log",
    "visit_checks.account_id": "whose place a distance was measured from stays so",
    "legal_holds.subject_id": "an erasure looks for holds of all records of a person",
    "erasures.subject_id": "that somebody was erased stays as it was written down",
    "events.subject_id": "the log says what happened to each record itself",
    "contacts.merged_into_id": "a chain of merges is followed to its end",
    "merges.survivor_id": "what was merged stays as it was done",
    "merges.source_ids": "what was merged stays as it was done",
    "merge_moves.record_id": "what was merged stays as it was done",
    "timeline_entries.source_id": "another service's record",
    "import_rows.record_id": "the report of an import says what it made",
}


def children_of(resource: Resource) -> Sequence[Child]:
    return [child for child in CHILDREN if child.of == resource.name]
