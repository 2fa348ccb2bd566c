"""What rows of customers are prepared with: beside people and fields, who was erased."""

from guanxi_contacts.imports.preparing import Preparation, Subject
from guanxi_contacts.privacy.suppressions import worker_list
from guanxi_shared.custom_fields import Definitions
from guanxi_shared.imports.cells import CellReader
from guanxi_shared.imports.importable import Taking
from guanxi_shared.imports.preparer import Preparer
from guanxi_shared.imports.staff import Staff


def preparer_of(subject: Subject, taking: Taking) -> Preparer[Preparation]:
    suppressions = worker_list(taking.database)

    async def make(
        cells: CellReader, staff: Staff, definitions: Definitions, region: str
    ) -> Preparation:
        return Preparation(
            subject, taking.terms, cells=cells, staff=staff, definitions=definitions, region=region,
            suppressed=await suppressions.of(taking.terms.organisation_id),
        )  # fmt: skip

    return Preparer(subject.resource, taking, make)
