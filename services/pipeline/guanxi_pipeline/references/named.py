"""Accounts as rows of a file name them."""

from typing import Final

from guanxi_shared.imports.columns import named
from guanxi_shared.imports.named_records import Naming, looked_up

ACCOUNTS: Final = Naming(
    "account",
    "accounts",
    {
        "account_external_id": looked_up("known_accounts", "external_id"),
        "account": looked_up("known_accounts", "name_key"),
    },
)
ACCOUNT = (
    named("account_id"),
    named("account_external_id", "account number", "customer number", "customer id", "客户编号"),
    named("account", "account name", "company", "company name", "customer", "customer name", "client",
          "客户", "客户名称", "公司", "公司名称"),
)  # fmt: skip
