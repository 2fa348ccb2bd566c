"""What rows of customers are prepared with: beside people and fields, who was erased."""

from guanxi_contacts.imports.preparing import Preparation, Subject
from guanxi_contacts.privacy.suppressions import worker_list
from guanxi_shared.imports.importable import Taking
from guanxi_shared.imports.preparer import Preparer
from guanxi_shared.imports.preparing import HeldAgainst


def preparer_of(subject: Subject, taking: Taking) -> Preparer[Preparation]:
    suppressions = worker_list(taking.database)

    async def make(held: HeldAgainst) -> Preparation:
        suppressed = await suppressions.of(taking.terms.organisation_id)
        return Preparation(subject, held, suppressed=suppressed)

    return Preparer(subject.resource, taking, make)
