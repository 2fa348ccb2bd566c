"""The failures that customers have names for."""

from guanxi_shared.errors import Conflict, Invalid


class ParentCycle(Conflict):
    code, title = "parent_cycle", "An account cannot stand above itself"


class ReportingCycle(Conflict):
    code, title = "reporting_cycle", "A person cannot report to themselves"


class UnknownReference(Invalid):
    code, title = "unknown_reference", "A record that is named does not exist"


class Duplicate(Conflict):
    code, title = "duplicate", "This record seems to exist already"


class MergedAway(Conflict):
    code, title = "merged_away", "This record was merged into another one"


class UndoPrevented(Conflict):
    code, title = "undo_prevented", "Later changes stand in the way of undoing this merge"


class AlreadyUndone(Conflict):
    code, title = "already_undone", "This merge was undone already"
