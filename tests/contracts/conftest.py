"""Producers in this process beside their consumers, on one database."""

from tests.gateway.identity.conftest import (
    anybody,
    company,
    door,
    found_company,
    house,
    mail_folder,
)

__all__ = ["anybody", "company", "door", "found_company", "house", "mail_folder"]
