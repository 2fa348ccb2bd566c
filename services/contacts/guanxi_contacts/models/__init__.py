"""Every table of contacts: the data dictionary, a file for each thing that is kept.

Lists that are only ever read with their record (phones, emails, addresses) are JSON columns; what
is looked up from both sides (which contact belongs to which account) is a table.
"""

from guanxi_contacts.models.accounts import ACCOUNT_SEARCH, Account
from guanxi_contacts.models.activities import ACTIVITY_SEARCH, Activity
from guanxi_contacts.models.calendar_feeds import CalendarFeed
from guanxi_contacts.models.campaigns import CAMPAIGN_SEARCH, Campaign, CampaignMember
from guanxi_contacts.models.files import File, FileLink
from guanxi_contacts.models.merges import Merge, MergeMove
from guanxi_contacts.models.people import CONTACT_SEARCH, Contact, ContactAccount
from guanxi_contacts.models.pools import AccountDealing, Pool, PoolClaimCount, PoolSweep
from guanxi_contacts.models.privacy import Consent, Erasure, LegalHold, Suppression
from guanxi_contacts.models.saved import Segment, SegmentAccount, SegmentMember
from guanxi_contacts.models.standing import StandingChange
from guanxi_contacts.models.timeline import TimelineEntry, TimelineSource
from guanxi_contacts.models.visits import VisitCheck
from guanxi_shared.imports.tables import add_import_tables
from guanxi_shared.sync.tables import add_sync_table
from guanxi_shared.tus.tables import add_uploads_table

add_import_tables(Account.metadata)
add_sync_table(Account.metadata)
add_uploads_table(Account.metadata)

__all__ = [
    "ACCOUNT_SEARCH",
    "ACTIVITY_SEARCH",
    "CAMPAIGN_SEARCH",
    "CONTACT_SEARCH",
    "Account",
    "AccountDealing",
    "Activity",
    "CalendarFeed",
    "Campaign",
    "CampaignMember",
    "Consent",
    "Contact",
    "ContactAccount",
    "Erasure",
    "File",
    "FileLink",
    "LegalHold",
    "Merge",
    "MergeMove",
    "Pool",
    "PoolClaimCount",
    "PoolSweep",
    "Segment",
    "SegmentAccount",
    "SegmentMember",
    "StandingChange",
    "Suppression",
    "TimelineEntry",
    "TimelineSource",
    "VisitCheck",
]
