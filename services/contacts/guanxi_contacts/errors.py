"""The failures that customers have names for."""

from guanxi_shared.errors import Conflict, Invalid


class ParentCycle(Conflict):
    code, title = "parent_cycle", "An account cannot stand above itself"


class ReportingCycle(Conflict):
    code, title = "reporting_cycle", "A person cannot report to themselves"


class AlreadyClaimed(Conflict):
    code, title = "already_claimed", "Somebody else was quicker"


class ClaimLimit(Conflict):
    code, title = "claim_limit", "A limit of this pool is reached"


class NotOwned(Conflict):
    code, title = "not_owned", "Nobody owns this record"


class NoPool(Conflict):
    code, title = "no_pool", "No pool takes this record"


class SegmentCycle(Conflict):
    code, title = "segment_cycle", "A segment cannot be made of itself"


class NotFrozen(Conflict):
    code, title = "not_frozen", "Only a frozen segment has members one by one"


class StageNotReachable(Invalid):
    code, title = "stage_not_reachable", "The lifecycle does not go that way"


class TierSkipped(Invalid):
    code, title = "tier_skipped", "Needs are met from the bottom up"


class EffectiveDayImpossible(Invalid):
    code, title = "effective_day_impossible", "The change cannot have taken effect on this day"


class ActivityRefused(Invalid):
    code, title = "activity_rule", "An activity of this kind cannot be like that"


class AlreadyDone(Conflict):
    code, title = "already_done", "The activity is done already"


class NotVisited(Invalid):
    code, title = "not_a_visit", "Only one visit can be checked in to"


class NotCheckedIn(Conflict):
    code, title = "not_checked_in", "There is no check-in yet"


class AlreadyChecked(Conflict):
    code, title = "already_checked", "This was said already, and differently"


class VisitCancelled(Conflict):
    code, title = "visit_cancelled", "The visit was cancelled"


class TooManyStops(Invalid):
    code, title = "too_many_stops", "A route takes no more stops"


class CalendarConflict(Conflict):
    code, title = "calendar_conflict", "The time is taken already"


class OccurrenceTaken(Conflict):
    code, title = "occurrence_taken", "This occurrence is a record of its own already"


class Duplicate(Conflict):
    code, title = "duplicate", "This record seems to exist already"


class OnLegalHold(Conflict):
    code, title = "legal_hold", "A legal hold stands against this"


class TooManyChildren(Conflict):
    code, title = "too_many_children", "Too much belongs to this record"


class ImportRunning(Conflict):
    code, title = "import_running", "An import may write this person again"


class NotAPerson(Invalid):
    code, title = "not_a_person", "Only people have these rights"


class CampaignRefused(Invalid):
    code, title = "campaign_rule", "A campaign cannot be like that"


class CampaignNotReachable(Invalid):
    code, title = "campaign_not_reachable", "A campaign does not go that way"


class AlreadyDrawn(Conflict):
    code, title = "already_drawn", "Who is held out was drawn already"


class CampaignOver(Conflict):
    code, title = "campaign_over", "The campaign takes nobody any more"


class NotSendable(Conflict):
    code, title = "not_sendable", "Nothing may be sent to this member"


class MemberRefused(Invalid):
    code, title = "member_rule", "A member of a campaign cannot be like that"
