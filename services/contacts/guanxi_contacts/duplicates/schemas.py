"""The check for duplicates as the API takes and answers it."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_contacts.accounts.schemas import EXAMPLE as ACCOUNT_EXAMPLE
from guanxi_contacts.accounts.schemas import AccountFields, AccountRead
from guanxi_contacts.people.schemas import EXAMPLE as PERSON_EXAMPLE
from guanxi_contacts.people.schemas import ContactFields, ContactRead
from guanxi_shared.values import Name

ITSELF = "A record of yours that is not to be found: the one that is being edited."
Kind = Literal[
    "external_id", "email", "phone", "domain", "name", "company_name", "name_spelling", "pinyin",
    "similar_name", "account", "birthday", "mail_domain",
]  # fmt: skip


class AccountCheck(AccountFields):
    """The fields of a create, none of them required; nothing is written."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": ACCOUNT_EXAMPLE})

    id: UUID | None = Field(default=None, description=ITSELF)
    name: Name | None = None


class ContactCheck(ContactFields):
    """The fields of a create, none of them required; nothing is written."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": PERSON_EXAMPLE})

    id: UUID | None = Field(default=None, description=ITSELF)
    name: Name | None = None


class Reason(BaseModel):
    """What speaks for it: the field that was sent, and what is the same about it."""

    field: str
    kind: Kind
    detail: str


class Owner(BaseModel):
    id: UUID | None = Field(description="Null when you may not see the record.")
    name: str | None


class FoundDuplicate(BaseModel):
    """A record that may be the same. Of one that you may not see: how likely it is, by what of your
    own fields it was found, and the name of its owner."""

    id: UUID | None = Field(description="Null when you may not see the record.")
    score: Annotated[float, Field(ge=0, le=1)]
    level: Literal["certain", "likely", "possible"] = Field(
        description="certain from 0.9 on, likely from 0.6 on"
    )
    reasons: list[Reason]
    is_visible: bool
    owner: Owner


class AccountDuplicate(FoundDuplicate):
    record: AccountRead | None


class ContactDuplicate(FoundDuplicate):
    record: ContactRead | None


DUPLICATE_EXAMPLE: dict[str, Any] = {
    "candidates": [
        {
            "id": None,
            "score": 0.75,
            "level": "likely",
            "reasons": [
                {"field": "name", "kind": "name", "detail": "The same name: 北京未来科技有限公司."}
            ],
            "is_visible": False,
            "owner": {"id": None, "name": "李雷"},
            "record": None,
        }
    ]
}


class AccountDuplicates(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": DUPLICATE_EXAMPLE})

    candidates: list[AccountDuplicate]


class ContactDuplicates(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": DUPLICATE_EXAMPLE})

    candidates: list[ContactDuplicate]
