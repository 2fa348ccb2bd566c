"""Failures of composites."""

from guanxi_shared.errors import Conflict, Gone, Invalid, Problem, Unavailable


class FailedDependency(Problem):
    status, code, title = 424, "failed_dependency", "A request that this one builds on failed"


class NotTried(Problem):
    status, code, title = 424, "not_tried", "Nothing was done, since another request was refused"


class Undone(Problem):
    status, code, title = (
        424,
        "undone",
        "It was done and taken back, since another request was refused",
    )


class Kept(Problem):
    status, code, title = 409, "not_undone", "It was done and could not be taken back"


class Refused(Invalid):
    code, title = "composite_refused", "One request was refused, so nothing was kept"


class PartlyUndone(Conflict):
    code, title = "composite_not_undone", "One request was refused, and not all could be taken back"


class Unfinished(Unavailable):
    code, title = (
        "composite_unfinished",
        "A part of the suite is away; the rest is done when it is back",
    )


class Erased(Gone):
    code, title = "answer_erased", "This was answered, and the answer was erased since"
