"""Cells that say more than a word: documents as JSON, skills with their levels. Pure."""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from guanxi_shared.imports.cells import CellReader, reason
from guanxi_shared.imports.named_records import uuid_or_none
from guanxi_shared.imports.prepared import Prepared

NO_JSON: Final = "is no JSON as an export writes it"
NO_LEVEL: Final = "write each skill with its level, such as billing: 4; returns: 2"


def take_document(found: Prepared, document: dict[str, Any], cells: CellReader, name: str) -> None:
    """A cell's JSON in its place; what a default in JSON put there stays."""
    text = document.get(name)
    if not isinstance(text, str):
        return
    try:
        document[name] = orjson.loads(text)
    except orjson.JSONDecodeError:
        refuse(found, cells, name, NO_JSON)


def take_levels(found: Prepared, document: dict[str, Any], cells: CellReader, name: str) -> None:
    """`billing: 4; returns: 2` as skills are sent; JSON as well, where their names have such marks."""
    text = document.get(name)
    if not isinstance(text, str):
        return None
    if text.lstrip().startswith("["):
        return take_document(found, document, cells, name)
    parts = [part.strip() for part in text.replace("\n", ";").split(";") if part.strip()]
    pairs = [part.replace("：", ":").rpartition(":") for part in parts]
    if any(not (skill.strip() and level.strip().isdecimal()) for skill, _, level in pairs):
        return refuse(found, cells, name, NO_LEVEL)
    document[name] = [{"skill": skill.strip(), "level": int(level)} for skill, _, level in pairs]
    return None


def take_id(found: Prepared, document: dict[str, Any], cells: CellReader) -> None:
    """The id that the row brings; a reason where that is none."""
    if (said := document.pop("id", None)) is None:
        return
    found.wanted_id = uuid_or_none(str(said).strip())
    if found.wanted_id is None:
        refuse(found, cells, "id", "is no id")


def refuse(found: Prepared, cells: CellReader, name: str, sentence: str) -> None:
    column = cells.column_of(name) or name
    cell = found.cells.get(column, "")
    found.reasons.append(reason(column, cell, f"{column}: {sentence}"))


def answers_said(text: str) -> Mapping[str, Any]:
    """`score: 4; why: quick` by the keys of questions; JSON where an answer has such marks. ValueError
    where it is neither."""
    if text.lstrip().startswith("{"):
        found = orjson.loads(text)
        if not isinstance(found, dict):
            raise ValueError(NO_JSON)
        return found
    pairs = [part.partition(":") for part in text.split(";") if part.strip()]
    if any(not colon for _, colon, _ in pairs):
        raise ValueError("write each answer with its question's key, such as score: 4")
    return {key.strip(): value.strip() for key, _, value in pairs}
