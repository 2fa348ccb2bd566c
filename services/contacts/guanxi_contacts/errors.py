"""The failures that customers have names for."""

from guanxi_shared.errors import Conflict, Invalid


class ParentCycle(Conflict):
    code, title = "parent_cycle", "An account cannot stand above itself"


class ReportingCycle(Conflict):
    code, title = "reporting_cycle", "A person cannot report to themselves"


class UnknownReference(Invalid):
    code, title = "unknown_reference", "A record that is named does not exist"


class OnLegalHold(Conflict):
    code, title = "legal_hold", "A legal hold stands against this"


class ImportRunning(Conflict):
    code, title = "import_running", "An import may write this person again"


class NotAPerson(Invalid):
    code, title = "not_a_person", "Only people have these rights"
