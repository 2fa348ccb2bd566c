"""Columns of files that say how somebody is reached: any number of phones and addresses of mail."""

from typing import Final

from guanxi_shared.imports import fields as f
from guanxi_shared.imports.fields import ImportField

PHONES: Final = "phones"
EMAILS: Final = "emails"
SEVERAL_NUMBERS: Final = ";；、|\n"
SEVERAL_ADDRESSES: Final = ";；,，、| \t\n"
PHONE_KINDS = {
    "cell": "mobile", "手机": "mobile", "office": "work", "工作": "work", "main": "work", "pager": "other",
    "住宅": "home", "家": "home", "传真": "fax",
}  # fmt: skip
EMAIL_KINDS = {
    "工作": "work",
    "office": "work",
    "internet": "work",
    "private": "home",
    "个人": "home",
}


def phones() -> list[ImportField]:
    def single(name: str, number: int, kind: str, *aliases: str) -> ImportField:
        return ImportField(
            name, (PHONES, number, "number"), aliases=aliases, separators=SEVERAL_NUMBERS,
            fixed={"kind": kind},
        )  # fmt: skip

    return [
        ImportField(
            "phone", (PHONES, 1, "number"), separators=SEVERAL_NUMBERS, is_numbered=True,
            aliases=("telephone", "tel", "phone number", "work phone", "business phone", "office phone",
                     "电话", "联系电话", "电话号码", "公司电话", "办公电话", "座机"),
        ),
        ImportField("phone_kind", (PHONES, 1, "kind"), f.WORD, ("tel kind", "phone type"), PHONE_KINDS, is_numbered=True),
        single("mobile", 30, "mobile", "mobile phone", "cell", "cell phone", "手机", "手机号", "手机号码", "移动电话"),
        single("home_phone", 31, "home", "家庭电话", "住宅电话"),
        single("fax", 32, "fax", "fax number", "传真", "传真号码"),
        ImportField("more_phones", (PHONES, 40, "number"), separators=SEVERAL_NUMBERS, aliases=("other phones", "其他电话")),
    ]  # fmt: skip


def emails() -> list[ImportField]:
    return [
        ImportField(
            "email", (EMAILS, 1, "address"), separators=SEVERAL_ADDRESSES, is_numbered=True,
            aliases=("e mail", "email address", "mail", "work email", "邮箱", "电子邮箱", "电子邮件", "邮件", "邮箱地址"),
        ),
        ImportField("email_kind", (EMAILS, 1, "kind"), f.WORD, ("email type",), EMAIL_KINDS, is_numbered=True),
        ImportField("more_emails", (EMAILS, 40, "address"), separators=SEVERAL_ADDRESSES, aliases=("other emails", "其他邮箱")),
    ]  # fmt: skip
