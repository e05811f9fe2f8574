"""Tests of URLs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from software_update.client.sources.address import Address, beside


@pytest.mark.parametrize(
    ("url", "address"),
    [
        (
            "https://updates.example/a/b.bundle",
            Address(
                "https://updates.example/a/b.bundle",
                "updates.example/a/b.bundle",
                ("https", "updates.example", 443),
            ),
        ),
        (
            "http://Updates.example:8080",
            Address(
                "http://Updates.example:8080/",
                "Updates.example:8080",
                ("http", "updates.example", 8080),
            ),
        ),
        (
            "https://me:p%40ss@[::1]:8443/b?signature=secret#part",
            Address(
                "https://[::1]:8443/b?signature=secret",
                "[::1]:8443/b",
                ("https", "::1", 8443),
                "Basic bWU6cEBzcw==",
            ),
        ),
    ],
)
def test_parts_of_a_url(url: str, address: Address) -> None:
    assert Address.parse(url) == address


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("", "has spaces or characters that are not ASCII; write them as %20"),
        ("https://a/b c", "has spaces or characters that are not ASCII; write them as %20"),
        ("https://a/b\r\nX: y", "has spaces or characters that are not ASCII; write them as %20"),
        ("https://\N{LATIN SMALL LETTER E WITH ACUTE}/b", "has spaces or characters"),
        ("ftp://a/b", "is neither http:// nor https://"),
        ("a/b", "is neither http:// nor https://"),
        ("https:///b", "has no host"),
        ("https://[secret/b", "^is not valid$"),
        ("https://[secret]/b", "^is not valid$"),
        ("https://a:99999/b", "has an invalid port"),
        ("https://a:b/b", "has an invalid port"),
    ],
)
def test_bad_url_is_an_error(url: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Address.parse(url)


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/c.bundle", "https://a.example/c.bundle"),
        ("c.bundle?x=1", "https://a.example/b/c.bundle?x=1"),
        ("//b.example/c", "https://b.example/c"),
        ("https://b.example:444/c", "https://b.example:444/c"),
        ("https://user:secret@b.example/c", "https://b.example/c"),
    ],
)
def test_redirects(location: str, url: str) -> None:
    assert Address.parse("https://a.example/b/a.bundle").redirected(location).url == url


@pytest.mark.parametrize(
    ("location", "problem"),
    [
        ("http://a.example/c", r"redirects from https to http \(a.example/c\)"),
        ("file:///etc/passwd", "redirects to a URL that is neither http:// nor https://"),
        ("", "redirects without a valid Location"),
        ("/a b", "redirects without a valid Location"),
        ("https://a:b/c", "redirects to a URL that has an invalid port"),
        ("https://[b/c", "redirects to a URL that is not valid"),
    ],
)
def test_bad_redirect_is_an_error(location: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Address.parse("https://a.example/b").redirected(location)


def test_http_may_become_https() -> None:
    assert Address.parse("http://a/b").redirected("https://a/b").origin == ("https", "a", 443)


@given(st.text(alphabet="htps:/@[]%?#a1. ") | st.text())
def test_no_text_is_another_error(text: str) -> None:
    for url in (text, f"https://{text}"):
        try:
            address = Address.parse(url)
            address.redirected(text)
        except ValueError:
            continue
        assert "@" not in address.origin[1]


def test_address_of_a_file_next_to_another() -> None:
    assert (
        beside("https://me:pw@host/a.bundle?key=1", ".b") == "https://me:pw@host/a.bundle.b?key=1"
    )
