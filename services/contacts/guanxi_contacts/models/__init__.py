"""Every table of contacts: the data dictionary, a file for each thing that is kept.

Lists that are only ever read with their record (phones, emails, addresses) are JSON columns; what
is looked up from both sides (which contact belongs to which account) is a table.
"""

from guanxi_contacts.models.accounts import Account
from guanxi_contacts.models.files import File, FileLink
from guanxi_contacts.models.imports import Import, ImportRow
from guanxi_contacts.models.people import Contact, ContactAccount
from guanxi_contacts.models.privacy import Consent, Erasure, LegalHold, Suppression

__all__ = [
    "Account",
    "Consent",
    "Contact",
    "ContactAccount",
    "Erasure",
    "File",
    "FileLink",
    "Import",
    "ImportRow",
    "LegalHold",
    "Suppression",
]
