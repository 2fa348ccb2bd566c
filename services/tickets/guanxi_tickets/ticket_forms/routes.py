"""Forms over HTTP; who says how tickets are worked defines them."""

from typing import Final

from guanxi_shared.web_forms.defining import Forms
from guanxi_shared.web_forms.routes import forms_router
from guanxi_tickets.ticket_forms.resources import TICKET_FORMS
from guanxi_tickets.ticket_forms.schemas import TicketFormCreate, TicketFormUpdate
from guanxi_tickets.ticket_forms.taking import COUNTED
from guanxi_tickets.tickets.resources import TICKETS

FORMS: Final = Forms(TICKET_FORMS, TICKETS, COUNTED)
router = forms_router(
    FORMS, path="/v1/tickets/forms", tag="portal", read="tickets:read", define="tickets:approve",
    create_model=TicketFormCreate, update_model=TicketFormUpdate,
)  # fmt: skip
