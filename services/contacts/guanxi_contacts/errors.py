"""The failures that customers have names for."""

from guanxi_shared.errors import Conflict, Invalid


class ParentCycle(Conflict):
    code, title = "parent_cycle", "An account cannot stand above itself"


class ReportingCycle(Conflict):
    code, title = "reporting_cycle", "A person cannot report to themselves"


class UnknownReference(Invalid):
    code, title = "unknown_reference", "A record that is named does not exist"


class ActivityRefused(Invalid):
    code, title = "activity_rule", "An activity of this kind cannot be like that"


class AlreadyDone(Conflict):
    code, title = "already_done", "The activity is done already"


class CalendarConflict(Conflict):
    code, title = "calendar_conflict", "The time is taken already"


class OccurrenceTaken(Conflict):
    code, title = "occurrence_taken", "This occurrence is a record of its own already"
