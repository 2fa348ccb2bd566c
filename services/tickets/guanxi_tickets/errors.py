"""The failures that serving has names for."""

from guanxi_shared.errors import Conflict, Forbidden, Invalid, NotFound


class StatusUnknown(Invalid):
    code, title = "status_unknown", "The organisation has no such status"


class MoveNotAllowed(Conflict):
    code, title = "move_not_allowed", "The ticket cannot go there from where it stands"


class StatesIncomplete(Invalid):
    code, title = "states_incomplete", "Tickets must be able to begin and to end"


class StateInUse(Conflict):
    code, title = "state_in_use", "Tickets stand in this state"


class LinkCycle(Invalid):
    code, title = "link_cycle", "The links would lead back to the ticket itself"


class NotTheAuthor(Forbidden):
    code, title = "not_the_author", "Only who wrote it changes it"


class TicketOver(Conflict):
    code, title = "ticket_over", "The ticket is solved or closed"


class PromiseOver(Conflict):
    code, title = "promise_over", "The promise was kept, withdrawn or replaced already"


class SurvivorEnded(Conflict):
    code, title = "survivor_ended", "What is open does not go into what is over"


class OtherAccount(Conflict):
    code, title = "other_account", "The tickets are of several customers"


class UnknownPlaceholder(Invalid):
    code, title = "unknown_placeholder", "A text names what cannot be put in"


class ValueMissing(Invalid):
    code, title = "value_missing", "A placeholder has neither a value nor a default"


class NothingWaits(NotFound):
    code, title = "nothing_waits", "No ticket waits in the queue"


class NotYourQueue(Forbidden):
    code, title = "not_your_queue", "The queue is of another team"


class TicketTaken(Conflict):
    code, title = "ticket_taken", "Somebody else has the ticket"


class NeedsUnmet(Conflict):
    code, title = "needs_unmet", "The queue's tickets need what the agent does not have"


class LoadLimitReached(Conflict):
    code, title = "load_limit_reached", "The agent has as many open tickets as the limit allows"


class StepNotNow(Conflict):
    code, title = "step_not_now", "The step of the loop is not to be done now"


class LoopIncomplete(Conflict):
    code, title = "loop_incomplete", "The complaint's loop is not closed"


class NoLoop(Conflict):
    code, title = "no_loop", "The ticket is no complaint"


class TasksUnderWay(Conflict):
    code, title = "tasks_under_way", "Other departments have not answered yet"


class TaskOver(Conflict):
    code, title = "task_over", "The task was done, declined or withdrawn already"


class CauseInUse(Conflict):
    code, title = "cause_in_use", "Something stands on this cause"


class CausePutAway(Invalid):
    code, title = "cause_put_away", "The cause is not used any more"


class ActionNotNow(Conflict):
    code, title = "action_not_now", "The corrective action does not stand where that can be said"


class NoRequester(Conflict):
    code, title = "no_requester", "The ticket does not say who asked"


class EntitlementUsedUp(Conflict):
    code, title = "entitlement_used_up", "Less is left than is asked for"


class NotEntitled(Invalid):
    code, title = "not_entitled", "No entitlement covers the ticket"


class RenewedAlready(Conflict):
    code, title = "renewed_already", "The next term is there already"


class BookingReversed(Conflict):
    code, title = "booking_reversed", "The booking was taken back already, or takes one back itself"


class ArticleMoveNotAllowed(Conflict):
    code, title = "article_move_not_allowed", "The article cannot go there from where it stands"


class NothingToPublish(Conflict):
    code, title = "nothing_to_publish", "What is shown is the newest text already"


class CategoryCycle(Invalid):
    code, title = "category_cycle", "A category cannot stand under itself"


class CategoryInUse(Conflict):
    code, title = "category_in_use", "Something stands in this category"


class LessonWritten(Conflict):
    code, title = "lesson_written", "The lesson is an article already"
