"""Which records of pipeline can be imported."""

from typing import Literal

from guanxi_shared.imports.schemas import NewImport


class ImportUpload(NewImport):
    """The parts of the multipart upload."""

    resource: Literal[
        "exchange-rates",
        "leads",
        "opportunities",
        "orders",
        "price-books",
        "products",
        "quotas",
        "quotes",
        "stock-reports",
    ]
