"""Where requests may go, and keys with them."""

import logging

import pytest

from rsvlm.models.errors import ModelError
from rsvlm.models.generators.addresses import check_address, distance, read_key


@pytest.mark.parametrize(
    ("host", "place"),
    [
        ("localhost", "here"), ("LOCALHOST.", "here"), ("a.localhost", "here"), ("127.0.0.1", "here"),
        ("127.9.9.9", "here"), ("::1", "here"), ("10.1.2.3", "near"), ("192.168.0.5", "near"), ("fe80::1", "near"),
        ("gpu7", "near"), ("box.local", "near"), ("api.openai.com", "away"), ("8.8.8.8", "away"),
        ("localhost.example.org", "away"), ("127.0.0.1.nip.io", "away"), ("2606:4700::1111", "away"),
    ],
)  # fmt: skip
def test_distance(host: str, place: str) -> None:
    assert distance(host) == place


@pytest.mark.parametrize(
    "address",
    [
        "localhost:8000/v1",
        "ftp://localhost/v1",
        "http://",
        "http:///v1",
        "",
        "http://[::1/v1",
        "http://a:b/v1",
    ],
)
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(ModelError, match=r"address"):
        check_address(address, key=False, offline=False)


@pytest.mark.parametrize(
    "address", ["http://me:hunter2@localhost/v1", "https://api.example.org/v1?key=hunter2"]
)
def test_secrets_in_an_address_are_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(ModelError, match="leave them out") as caught:
        check_address(address, key=False, offline=False)
    assert "hunter2" not in str(caught.value)


def test_offline_means_this_machine() -> None:
    assert check_address("http://localhost:8000/v1/", key=True, offline=True) == "http://localhost:8000/v1"
    for address in ("https://api.openai.com/v1", "http://gpu7:8000/v1", "http://192.168.0.5/v1"):
        with pytest.raises(ModelError, match="the network is off"):
            check_address(address, key=False, offline=True)


def test_keys_do_not_travel_unencrypted(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ModelError, match=r"use https://api.example.org"):
        check_address("http://api.example.org/v1", key=True, offline=False)
    assert check_address("http://api.example.org/v1", key=False, offline=False)
    assert check_address("https://api.example.org/v1", key=True, offline=False)
    assert not caplog.records
    with caplog.at_level(logging.WARNING):
        check_address("http://gpu7:8000/v1", key=True, offline=False)
    assert "gpu7 unencrypted" in caplog.text


def test_the_key_is_read_from_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", "  sk-abc\n")
    assert read_key("SOME_KEY") == "sk-abc"
    assert read_key(None) is None


@pytest.mark.parametrize(
    "given", ["sk-abc123", "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789", "a b", "", "schlüssel"]
)
def test_a_key_in_place_of_its_variables_name_is_refused_and_not_repeated(given: str) -> None:
    with pytest.raises(ModelError, match="named by its environment variable") as caught:
        read_key(given)
    assert not given or given not in str(caught.value)


@pytest.mark.parametrize("value", ["two words", "line\nbreak", "ключ", "bell\x07"])
def test_what_no_key_looks_like_is_refused_and_not_repeated(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_KEY", value)
    with pytest.raises(ModelError, match="SOME_KEY holds") as caught:
        read_key("SOME_KEY")
    assert value not in str(caught.value)
