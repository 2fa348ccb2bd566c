"""The table base of analytics: its own registry, so that no other service's table can clash."""

from sqlalchemy.orm import registry
from sqlmodel import SQLModel

from guanxi_shared.db import new_metadata
from guanxi_shared.schema import add_kernel_tables

REGISTRY = registry(metadata=new_metadata())


class Table(SQLModel, registry=REGISTRY):
    pass


METADATA = Table.metadata
add_kernel_tables(METADATA)
