import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guanxi_shared.emails import Email, domain_of, normalise_email

any_text = st.lists(st.integers(0, sys.maxunicode), max_size=40).map(
    lambda codes: "".join(map(chr, codes))
)
address_like = st.from_regex(r"[A-Za-zÄß.+_-]{1,12}@[A-Za-z0-9ü.-]{1,20}", fullmatch=True)


@pytest.mark.parametrize(
    ("typed", "email"),
    [
        (
            " Ann.Smith@Example.COM ",
            Email("Ann.Smith@example.com", "ann.smith@example.com", "example.com"),
        ),
        ("a+b@demo.example", Email("a+b@demo.example", "a+b@demo.example", "demo.example")),
        ("Müller@BÜCHER.de", Email("Müller@bücher.de", "müller@bücher.de", "bücher.de")),
        ("x@xn--bcher-kva.de", Email("x@bücher.de", "x@bücher.de", "bücher.de")),
        ("张三@例子.中国", Email("张三@例子.中国", "张三@例子.中国", "例子.中国")),
    ],
)
def test_an_address_keeps_its_local_part_and_lowers_its_domain(typed: str, email: Email) -> None:
    assert normalise_email(typed) == email


@pytest.mark.parametrize("typed", ["", "ann", "ann@", "@x.com", "a b@x.com", "ann@x", "a@@x.com"])
def test_what_is_no_address_is_refused_with_a_sentence(typed: str) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        normalise_email(typed)


@settings(deadline=None)
@given(st.one_of(any_text, address_like))
def test_addresses_are_normalised_once_or_refused(typed: str) -> None:
    try:
        email = normalise_email(typed)
    except ValueError:
        return
    assert normalise_email(email.address) == email
    assert email.key.endswith(f"@{email.domain}")


@pytest.mark.parametrize(
    ("typed", "domain"),
    [
        ("https://www.Example.com/x", "example.com"),
        ("Example.com", "example.com"),
        ("example.com/about?x=1", "example.com"),
        ("WWW.example.co.uk:8080", "example.co.uk"),
        ("ftp://user:secret@Files.Example.org.", "files.example.org"),
        ("Ann@Example.com", "example.com"),
        ("mailto:ann@example.com", "example.com"),
        ("Ann <ann@example.com>", "example.com"),
        ("http://例子.中国/路径", "例子.中国"),
        ("xn--fsqu00a.xn--fiqs8s", "例子.中国"),
        ("ｅｘａｍｐｌｅ．ｃｏｍ", "example.com"),
    ],
)
def test_a_domain_is_found_in_it(typed: str, domain: str) -> None:
    assert domain_of(typed) == domain


@pytest.mark.parametrize(
    "typed",
    [
        *("", " ", "n/a", "-", "localhost", "a..b", "v1.2", "Acme Inc."),
        *("https://", "http://10.0.0.1:80/", "http://[::1]/", "http://[x"),
    ],
)
def test_nothing_is_made_up_where_there_is_no_domain(typed: str) -> None:
    assert domain_of(typed) is None


@settings(deadline=None)
@given(any_text)
def test_a_domain_has_itself_for_domain(typed: str) -> None:
    domain = domain_of(typed)
    assert domain is None or domain_of(domain) == domain
