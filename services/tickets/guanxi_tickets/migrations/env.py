from guanxi_shared.migrations import run
from guanxi_tickets import models

run("guanxi_tickets", models.Ticket.metadata)
