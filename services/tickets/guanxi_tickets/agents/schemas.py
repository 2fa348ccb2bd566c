"""Agents as the API takes and shows them; assignments/choice_rules.py says what counts."""

import re
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from guanxi_shared.values import Fields, Storable, TimeZone, Value
from guanxi_tickets.business_calendars.schemas import (
    OFFICE,
    ExceptionalDay,
    Holiday,
    Spans,
    Weekday,
)

LANGUAGE = re.compile(r"([A-Za-z]{2,3})((?:-[A-Za-z0-9]{1,8})*)")
EXAMPLE: dict[str, Any] = {
    "user_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50",
    "skills": [{"skill": "billing", "level": 4}],
    "languages": ["zh-CN", "en"],
    "load_limit": 8,
    "shifts": {
        "time_zone": "Asia/Shanghai",
        "hours": dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), OFFICE),
        "days_off": [{"on": "2026-10-01", "name": "国庆节"}],
    },
}


def _language(text: str) -> str:
    """A tag of BCP 47 as it is usually spelt: zh-Hans-CN."""
    found = LANGUAGE.fullmatch(text.strip())
    if found is None:
        raise ValueError("is no language tag such as de, pt-BR or zh-Hans")
    parts = [part for part in found[2].split("-") if part]
    return "-".join([found[1].lower(), *map(_subtag, parts)])


def _subtag(part: str) -> str:
    if len(part) == 2:
        return part.upper()
    return part.title() if len(part) == 4 and part.isalpha() else part.lower()


def _each_once(skills: list["SkillValue"]) -> list["SkillValue"]:
    names = [skill.skill.casefold() for skill in skills]
    for place, name in enumerate(names):
        if name in names[:place]:
            raise ValueError(f"names {skills[place].skill} twice")
    return skills


class SkillValue(Value):
    """Levels from 1 (a beginning) to 5."""

    skill: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60), Storable
    ]
    level: Annotated[int, Field(ge=1, le=5)]


Skills = Annotated[list[SkillValue], Field(max_length=50), AfterValidator(_each_once)]
Language = Annotated[str, StringConstraints(max_length=35), AfterValidator(_language)]
Languages = Annotated[
    list[Language], Field(max_length=20), AfterValidator(lambda tags: list(dict.fromkeys(tags)))
]
LoadLimit = Annotated[int, Field(ge=1, le=10_000)]


class Shifts(Value):
    """Spans of each weekday on the wall clock of a time zone, written as those of business calendars. A
    pause of less than four hours is a break, a longer one ends the shift."""

    time_zone: TimeZone
    hours: dict[Weekday, Spans] = Field(default_factory=dict)
    days_off: Annotated[list[Holiday], Field(max_length=2_000)] = Field(default_factory=list)
    exceptional_days: Annotated[list[ExceptionalDay], Field(max_length=2_000)] = Field(
        default_factory=list
    )


class AgentFields(Fields):
    skills: Skills = Field(default_factory=list)
    languages: Languages = Field(default_factory=list, description="Tags of BCP 47.")
    load_limit: LoadLimit | None = Field(
        default=None,
        description="New and open tickets that a queue may bring them to; a queue's own may be lower.",
    )
    is_available: bool = Field(default=True, description="Whether queues assign to them by themselves.")  # fmt: skip
    shifts: Shifts | None = Field(default=None, description="Without, at work whenever available.")


class AgentCreate(AgentFields):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    id: UUID | None = None
    user_id: UUID


class AgentUpdate(AgentFields):
    """A merge patch; each part is sent whole."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"is_available": False}}
    )


class Availability(Value):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"is_available": False}}
    )

    is_available: bool


class AgentRead(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: UUID
    user_id: UUID
    skills: list[SkillValue]
    languages: list[str]
    load_limit: int | None
    is_available: bool
    shifts: dict[str, Any] | None
    version: int
    created_at: datetime
    updated_at: datetime
