"""A worker is never led to a machine's own metadata, however the address is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalapp.registry.addresses import address_fault


@pytest.mark.parametrize(
    "address",
    [
        "https://api.openai.com/v1",
        "http://localhost:8080/v1",
        "http://127.0.0.1:11434",
        "http://[::1]:8000/v1",
        "http://10.0.0.7/v1",
        "https://models.example.com:8443/openai/v1/",
    ],
)
def test_ordinary_addresses_may_be_used(address: str) -> None:
    assert address_fault(address) is None


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "169.254.169.254.",
        "2852039166",
        "0xa9fea9fe",
        "0xa9.0xfe.0xa9.0xfe",
        "0251.0376.0251.0376",
        "169.254.43518",
        "[::ffff:169.254.169.254]",
        "[::ffff:a9fe:a9fe]",
        "[2002:a9fe:a9fe::1]",
        "[64:ff9b::a9fe:a9fe]",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "[fd00:ec2:0:0:0:0:0:254]",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "metadata.google.internal",
        "METADATA.google.internal.",
        "0.0.0.0",  # noqa: S104 - refused here, bound nowhere
        "[::]",
        "224.0.0.1",
    ],
)
def test_metadata_and_link_local_addresses_are_refused(host: str) -> None:
    assert "is never asked" in str(address_fault(f"http://{host}/latest"))
    assert "is never asked" in str(
        address_fault(f"https://{host}:443/", [host.strip("[]").rstrip(".").lower()])
    )


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("", "begins with https://"),
        ("api.openai.com/v1", "begins with https://"),
        ("ftp://example.com", "begins with https://"),
        ("file:///etc/passwd", "begins with https://"),
        ("http:///v1", "begins with https://"),
        ("https://exämple.com/", "in plain letters"),
        ("https://example.com/a b", "in plain letters"),
        ("https://example.com:99999/", "not an address"),
        ("http://[::1/", "not an address"),
        ("https://user:secret@example.com/", "holds no name, key"),
        ("https://@example.com/", "holds no name, key"),
        ("https://example.com/?key=1", "holds no name, key"),
        ("https://example.com/#a", "holds no name, key"),
    ],
)
def test_what_is_no_plain_address_says_why(address: str, words: str) -> None:
    assert words in str(address_fault(address))


def test_with_a_list_of_hosts_only_those_may_be_asked() -> None:
    assert address_fault("https://API.example.com:8443/v1", ["api.example.com"]) is None
    assert "ENDPOINT_HOSTS" in str(address_fault("https://other.example.com/v1", ["api.example.com"]))


@given(st.text(max_size=30))
def test_any_text_is_judged_without_a_fault_of_ours(text: str) -> None:
    for address in (text, f"http://{text}", f"https://{text}/v1"):
        assert address_fault(address) != ""
