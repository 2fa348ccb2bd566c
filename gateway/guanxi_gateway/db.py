"""The gateway's own metadata; its tables never meet those of a service."""

from sqlalchemy.orm import registry
from sqlmodel import SQLModel

from guanxi_shared.db import new_metadata
from guanxi_shared.schema import add_kernel_tables


class Table(SQLModel, registry=registry(metadata=new_metadata())):
    """Base of every table in `models`."""


add_kernel_tables(Table.metadata)
