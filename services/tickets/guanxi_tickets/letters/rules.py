"""What letters say, in the language of whom they are for, and when one that was not taken goes again. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from guanxi_tickets.surveys.language_rules import worded

# So that nobody's mailbox is filled by others: so many receipts an hour for one address.
MOST_RECEIPTS: Final = 3
ATTEMPTS: Final = 10
FIRST_PAUSE: Final = timedelta(minutes=1)
LONGEST_PAUSE: Final = timedelta(hours=12)
# Who takes a letter and dies leaves it to others after so long.
LEASE: Final = timedelta(minutes=5)
CHINESE: Final = frozenset({"CN", "TW", "HK", "MO", "SG"})

SUBJECTS: Final[Mapping[str, Mapping[str, str]]] = {
    "survey": {"zh": "请评价我们的服务", "en": "How did we do?"},
    "portal": {"zh": "您的请求 {number}", "en": "Your request {number}"},
    "receipt": {"zh": "已收到您的请求 {number}", "en": "We have your request {number}"},
}
TEXTS: Final[Mapping[str, Mapping[str, str]]] = {
    "survey": {
        "zh": "{intro}\n\n请打开链接作答（有效期至 {until}）：\n{link}\n\n{organisation}\n",
        "en": "{intro}\n\nOpen this link to answer, until {until}:\n{link}\n\n{organisation}\n",
    },
    "portal": {
        "zh": "您可以通过此链接查看进展并回复（有效期至 {until}）：\n{link}\n\n请勿转发：持有链接者可以代您回复。\n\n{organisation}\n",
        "en": "Follow what becomes of it, and reply, by this link, until {until}:\n{link}\n\n"
        "Please keep it to yourself: whoever has it can reply for you.\n\n{organisation}\n",
    },
    "receipt": {
        "zh": "我们已收到您的请求，编号 {number}。\n\n您可以通过此链接查看进展并回复（有效期至 {until}）：\n{link}\n\n"
        "如果不是您提交的，请忽略此邮件。\n\n{organisation}\n",
        "en": "We have your request; its number is {number}.\n\n"
        "Follow what becomes of it, and reply, by this link, until {until}:\n{link}\n\n"
        "If it was not you who wrote to us, nothing has to be done.\n\n{organisation}\n",
    },
}  # fmt: skip
INTROS: Final = {
    "zh": "感谢您联系我们。能否花一分钟告诉我们您的感受？",
    "en": "Thank you for writing to us. Would you take a minute to tell us how it went?",
}


class Words(NamedTuple):
    subject: str
    text: str


def words_of(about: Mapping[str, Any], link: str) -> Words:
    """`about`: kind, language, number, organisation, expires_at, and of a survey its texts. A survey's own
    title and introduction come before ours."""
    kind, language = about["kind"], "zh" if about["language"].startswith("zh") else "en"
    values = {
        "number": about["number"] or "", "organisation": about["organisation"], "link": link,
        "until": f"{about['expires_at']:%Y-%m-%d}", "intro": INTROS[language],
    }  # fmt: skip
    subject = SUBJECTS[kind][language].format(**values)
    if kind == "survey":
        subject = _own(about, "title") or subject
        values["intro"] = _own(about, "intro") or values["intro"]
    return Words(" ".join(subject.split()), TEXTS[kind][language].format(**values).strip() + "\n")


def _own(about: Mapping[str, Any], name: str) -> str | None:
    texts = {
        language: words[name]
        for language, words in (about["texts"] or {}).items()
        if words.get(name)
    }
    return worded(texts, about["language"], about["default_language"]) if texts else None


def language_of(about: Mapping[str, Any]) -> str:
    """The survey's, as far as it is known which is wanted; else that of the organisation's region."""
    of_region = "zh" if about["region"] in CHINESE else "en"
    return str(about["language"] or about["default_language"] or of_region)


def why_not(about: Mapping[str, Any], now: datetime) -> str | None:
    """What keeps a letter from going, of what is found when its turn has come."""
    if not about["sends_mail"]:
        return "mail_off"
    is_over = about["is_over"] or about["expires_at"] is None or about["expires_at"] <= now
    return "over" if is_over else None


def next_attempt(attempts: int, now: datetime) -> datetime | None:
    """After twice as long each time; None when it is given up, after two days."""
    if attempts >= ATTEMPTS:
        return None
    pause: timedelta = min(FIRST_PAUSE * 2**attempts, LONGEST_PAUSE)
    return now + pause


def address_among(emails: Sequence[Mapping[str, Any]]) -> str | None:
    """The primary one, else the first."""
    ordered = sorted(emails, key=lambda each: not each.get("is_primary"))
    return str(ordered[0]["address"]) if ordered else None
