"""What the worker of tickets does: `python -m guanxi_shared.worker guanxi_tickets`."""

from collections.abc import Mapping
from typing import Final

from guanxi_shared.running_jobs import Handler
from guanxi_tickets.agents.leaving import forget_agents
from guanxi_tickets.articles.reviewing import tell_reviews
from guanxi_tickets.articles.words import settle_words
from guanxi_tickets.assignments.giving import assign_from_queues
from guanxi_tickets.assignments.handing_back import end_shifts
from guanxi_tickets.coordination_tasks.giving import give_task_alerts
from guanxi_tickets.drafts.leaving import forget_drafts
from guanxi_tickets.entitlements.reminding import remind_of_entitlements
from guanxi_tickets.exports.tables import delete_old_transfers, write_export
from guanxi_tickets.files.sweeping import sweep_ticket_files
from guanxi_tickets.imports.taking import take_import
from guanxi_tickets.letters.delivering import deliver_letters, forget_old_letters
from guanxi_tickets.privacy.leftovers import LEFTOVERS, erase_leftovers
from guanxi_tickets.references.settling import settle_references
from guanxi_tickets.requesters.seeking import seek_requesters
from guanxi_tickets.sla_alerts.giving import give_alerts
from guanxi_tickets.survey_sending.duties import run_survey_schedules, work_surveys
from guanxi_tickets.ticket_forms.sweeping import sweep_ticket_form_hits
from guanxi_tickets.uploads.sweeping import sweep_uploads

HANDLERS: Final[Mapping[str, Handler]] = {
    "import": take_import,
    "export": write_export,
    LEFTOVERS: erase_leftovers,
}
SCHEDULES: Final = (
    settle_references,
    give_alerts,
    forget_drafts,
    delete_old_transfers,
    sweep_ticket_files,
    sweep_uploads,
    assign_from_queues,
    end_shifts,
    give_task_alerts,
    forget_agents,
    seek_requesters,
    sweep_ticket_form_hits,
    work_surveys,
    run_survey_schedules,
    remind_of_entitlements,
    tell_reviews,
    settle_words,
    deliver_letters,
    forget_old_letters,
)
