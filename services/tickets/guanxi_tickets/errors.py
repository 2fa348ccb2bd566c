"""The failures that serving has names for."""

from guanxi_shared.errors import Conflict, Forbidden, Invalid


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


class ArticleMoveNotAllowed(Conflict):
    code, title = "article_move_not_allowed", "The article cannot go there from where it stands"


class NothingToPublish(Conflict):
    code, title = "nothing_to_publish", "What is shown is the newest text already"


class CategoryCycle(Invalid):
    code, title = "category_cycle", "A category cannot stand under itself"


class CategoryInUse(Conflict):
    code, title = "category_in_use", "Something stands in this category"
