"""Host names, as people say them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertbridge.core.host_name import host_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("db1.example.org", "db1", id="domain"),
        pytest.param("db1.example.org:9100", "db1", id="exporter"),
        pytest.param("db1.example.org:5432", "db1:5432", id="another-port"),
        pytest.param("db1", "db1", id="short-already"),
        pytest.param("db1.example.org.", "db1", id="rooted"),
        pytest.param("10.20.30.41", "10.20.30.41", id="address"),
        pytest.param("10.20.30.41:9100", "10.20.30.41", id="address-with-exporter"),
        pytest.param("10.20.30.41:443", "10.20.30.41:443", id="address-with-port"),
        pytest.param("2001:db8::9100", "2001:db8::9100", id="ipv6"),
        pytest.param("[2001:db8::1]:9100", "[2001:db8::1]", id="ipv6-with-exporter"),
        pytest.param("[2001:db8::1]:443", "[2001:db8::1]:443", id="ipv6-with-port"),
        pytest.param("api.example.org/health", "api.example.org/health", id="url"),
        pytest.param("Disk is full.", "Disk is full.", id="sentence"),
        pytest.param("/dev/nvme0n1p1", "/dev/nvme0n1p1", id="path"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_a_host_is_said_short(text: str, expected: str) -> None:
    """What tells machines apart stays; domain and exporter's port go."""
    assert host_of(text) == expected


@given(st.text(max_size=40))
def test_a_host_never_gets_longer(text: str) -> None:
    """Whatever a label holds."""
    assert len(host_of(text)) <= len(text)
