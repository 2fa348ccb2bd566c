"""What columns of files can be, said shortly: the kinds of fields that every resource has."""

from guanxi_shared.imports import fields as f
from guanxi_shared.imports.fields import ImportField


def text(name: str, *aliases: str) -> ImportField:
    return ImportField(name, (name,), aliases=aliases)


def typed(name: str, kind: str, *aliases: str) -> ImportField:
    return ImportField(name, (name,), kind, aliases)


def named(name: str, *aliases: str) -> ImportField:
    """Of another record, which is looked up by what the cell says."""
    return ImportField(name, (name,), f.REFERENCE, aliases)


def of_line(name: str, place: str, kind: str, *aliases: str) -> ImportField:
    """Of the one line that a row is, where records are several rows each."""
    return ImportField(name, ("lines", 1, place), kind, aliases)


PEOPLE = (
    named("owner", "owner email", "sales rep", "salesperson", "负责人", "业务员", "销售代表", "负责人邮箱"),
    named("team", "team name", "团队", "所属团队", "销售团队"),
    text("owner_id"),
    text("team_id"),
)  # fmt: skip
PRODUCT = (
    named("product_id"),
    named("sku", "article number", "item number", "product code", "货号", "产品编号", "商品编号"),
    named("product", "product name", "item", "产品", "产品名称", "商品"),
)
