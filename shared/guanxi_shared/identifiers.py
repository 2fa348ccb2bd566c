"""Ids: UUIDv7, made here or brought by the client."""

from uuid import UUID

from uuid_utils.compat import uuid7

from guanxi_shared.errors import NotFound


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562): unique, and in the order of creation."""
    return uuid7()


def id_in_path(text: str) -> UUID:
    """A path's id; one that is no UUID names nothing, which is 404 and not a format lesson."""
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound(f"There is no record with the id {text!r}.") from error
