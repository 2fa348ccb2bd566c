"""What a delete with children answers."""

from uuid import UUID

from pydantic import BaseModel, Field

from guanxi_contacts.accounts.schemas import AccountRead
from guanxi_contacts.people.schemas import ContactRead

DELETED = "Belonged to this record alone, and went with it."
KEPT = "Belonged to it alone and stayed, because you may see but not delete them."


class Gone(BaseModel):
    deleted: list[UUID] = Field(description=DELETED)
    kept: list[UUID] = Field(description=KEPT)


class Children(BaseModel):
    activities: Gone
    files: Gone


class AccountDeleted(AccountRead):
    children: Children | None = Field(default=None, description="Only with with_children=true.")


class ContactDeleted(ContactRead):
    children: Children | None = Field(default=None, description="Only with with_children=true.")
