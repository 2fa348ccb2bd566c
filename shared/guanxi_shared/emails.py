"""Email addresses and domain names in the one spelling that is stored and compared."""

import unicodedata
from typing import NamedTuple
from urllib.parse import urlsplit

import idna
from email_validator import EmailNotValidError, validate_email


class Email(NamedTuple):
    """An address with its domain in lower case, the key that compares it, and its domain."""

    address: str
    key: str
    domain: str


def normalise_email(address: str) -> Email:
    """The local part stays as typed; only the key folds its case.

    Nothing is asked of the network. Raises ValueError with a sentence that says what is wrong.
    Names that mail reaches only inside a company (.local, .internal) are taken as they are.
    """
    try:
        found = validate_email(
            address.strip(), check_deliverability=False, globally_deliverable=False
        )
    except EmailNotValidError as error:
        raise ValueError(str(error)) from error
    if "." not in found.domain:
        raise ValueError(f"The domain {found.domain!r} of the address has no dot.")
    key = unicodedata.normalize("NFKC", found.normalized).casefold()
    return Email(found.normalized, key, found.domain)


def domain_of(url_or_email: str) -> str | None:
    """example.com for https://www.Example.com/x and for Ann@Example.com; None if there is none.

    Lower case, without `www.`, punycode decoded. Addresses of machines (10.0.0.1, localhost)
    are not domains of anybody.
    """
    host = _host(url_or_email)
    if host is None or "." not in host or host[-1].isdigit():
        return None
    try:
        return idna.decode(idna.encode(host, uts46=True))
    except (idna.IDNAError, UnicodeError):
        return None


def _host(text: str) -> str | None:
    bare = unicodedata.normalize("NFKC", text).strip().strip("<>").strip()
    if "://" not in bare:
        bare = "//" + bare.rpartition("@")[2].lstrip("/")
    try:
        host = urlsplit(bare).hostname
    except ValueError:
        return None
    return (host or "").rstrip(".").removeprefix("www.") or None
