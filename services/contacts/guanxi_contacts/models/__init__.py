"""Every table of contacts: the data dictionary, a file for each thing that is kept.

Lists that are only ever read with their record (phones, emails, addresses) are JSON columns; what
is looked up from both sides (which contact belongs to which account) is a table.
"""

from guanxi_contacts.models.accounts import Account
from guanxi_contacts.models.activities import Activity
from guanxi_contacts.models.calendar_feeds import CalendarFeed
from guanxi_contacts.models.imports import Import, ImportRow
from guanxi_contacts.models.people import Contact, ContactAccount
from guanxi_contacts.models.standing import StandingChange
from guanxi_contacts.models.visits import VisitCheck

__all__ = [
    "Account",
    "Activity",
    "CalendarFeed",
    "Contact",
    "ContactAccount",
    "Import",
    "ImportRow",
    "StandingChange",
    "VisitCheck",
]
