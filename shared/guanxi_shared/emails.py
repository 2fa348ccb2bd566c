"""Email addresses and domain names in the one spelling that is stored and compared."""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

import idna
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

# What nearly all addresses and domains look like, for which the full rules have nothing to add (a
# test holds the two together): they cost 30 µs each, which is much in an import.
_PLAIN_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_RESERVED = "|".join(map(re.escape, SPECIAL_USE_DOMAIN_NAMES))
_PLAIN_DOMAIN = re.compile(
    rf"(?=.{{4,250}}\Z)(?!.*--)(?!www\.)(?:{_PLAIN_LABEL}\.){{1,8}}[a-z]{{2,60}}\Z"
)
_PLAIN_ADDRESS = re.compile(
    rf"(?=.{{6,250}}\Z)(?!.*--)(?P<local>[A-Za-z0-9_+-]{{1,30}}(?:\.[A-Za-z0-9_+-]{{1,30}})?)"
    rf"@(?P<domain>(?:{_PLAIN_LABEL}\.){{1,8}}(?!(?:{_RESERVED})\Z)[a-z]{{2,60}})\Z"
)


class Email(NamedTuple):
    """An address with its domain in lower case, the key that compares it, and its domain."""

    address: str
    key: str
    domain: str


@lru_cache(maxsize=4096)  # a create asks twice: to check it, and for its key
def normalise_email(address: str) -> Email:
    """The local part stays as typed; only the key folds its case.

    Nothing is asked of the network. Raises ValueError with a sentence that says what is wrong.
    Names that mail reaches only inside a company (.local, .internal) are taken as they are.
    """
    if plain := _PLAIN_ADDRESS.match(address):
        return Email(address, address.lower(), plain["domain"])
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
    if _PLAIN_DOMAIN.match(url_or_email):
        return url_or_email
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
