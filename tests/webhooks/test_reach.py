"""Messages go to public addresses and nowhere else, whatever a name resolves to, and when."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bursar.actions.run import run
from bursar.core.errors import Invalid
from bursar.webhooks import sender
from bursar.webhooks.models import WebhookEndpoint, WebhookMessage
from bursar.webhooks.rules import Reach, calc_pause, why_not_address, why_not_url
from tests.cast import Cast, refusal_of
from tests.webhooks.receiver import Receiver, deliver, make_endpoint


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254",
        "64:ff9b::7f00:1", "64:ff9b::a01:203", "2002:7f00:1::", "2001:0:0:0:0:0:3f57:fefe",
        # other forms of an address inside: IPv4 in its old form and translated, site-local, NAT64 of one's own network
        "::127.0.0.1", "::10.0.0.1", "::8.8.8.8", "::ffff:0:127.0.0.1", "fec0::1", "feff::1", "64:ff9b:1::7f00:1",
        "64:ff9b:1:ffff::808:808", "64:ff9b::e000:1", "::ffff:224.0.0.1",
        # tunnels, whatever stands in them
        "2002:808:808::1", "2001:0:808:808::1", "2606:4700::5efe:10.0.0.1", "2606:4700::200:5efe:127.0.0.1",
        "fe80::5efe:8.8.8.8", "2606:4700::5efe:8.8.8.8", "192.88.99.1",
        # examples, discard, benchmarks, segments, unallocated
        "192.0.2.1", "198.51.100.7", "203.0.113.9", "198.18.0.1", "240.0.0.1", "2001:db8::1", "3fff::1", "100::1",
        "5f00::1", "4000::1", "2001:2::1", "1::1", "::2",
    ],
)  # fmt: skip
def test_addresses_inside_are_refused(address: str) -> None:
    assert "public addresses only" in (why_not_address(ipaddress.ip_address(address), Reach.PUBLIC) or "")
    assert why_not_address(ipaddress.ip_address(address), Reach.ANY) is None


@pytest.mark.parametrize(
    "address",
    ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::5db8:d70e", "::ffff:93.184.215.14",
     "2a00:1450:400e:80f::200e", "2001:4860:4860::8888", "2606:4700::5eff:808:808"],
)  # fmt: skip
def test_public_addresses_are_not(address: str) -> None:
    assert why_not_address(ipaddress.ip_address(address), Reach.PUBLIC) is None


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://product.example/", "https://"),
        ("https://me:secret@product.example/", "name or password"),
        ("https://me@product.example/", "name or password"),
        ("https://127.0.0.1/", "public addresses only"),
        ("https://[::1]:8443/", "public addresses only"),
        ("https://[::127.0.0.1]/", "public addresses only"),
        ("https://[fec0::1]/", "public addresses only"),
        ("https://[64:ff9b:1::7f00:1]/", "public addresses only"),
        ("https://[2606:4700::5efe:127.0.0.1]/", "public addresses only"),
        ("https://localhost/", "public addresses only"),
        ("https://product.example/#x", "never sent"),
        ("https://product.example:99999/", "no address"),
        ("https://[broken/", "no address"),
        ("ftp://product.example/", "whole address"),
        ("product.example/hook", "whole address"),
        ("javascript:alert(1)", "whole address"),
        ("https:///hook", "whole address"),
    ],
)
def test_an_address_that_will_not_do_is_told_in_words(cast: Cast, url: str, words: str) -> None:
    assert words in (why_not_url(url, Reach.PUBLIC) or "")
    data = {"url": url, "description": "Product", "events": []}
    refusal = refusal_of("webhooks.company.create_endpoint", cast.iris, "company", data, reason="x")
    assert isinstance(refusal, Invalid) and words in refusal.fields["url"][0]
    assert not WebhookEndpoint.objects.exists()


def test_this_machine_only_while_trying_out(settings: Any) -> None:
    assert sender.get_reach() is Reach.PUBLIC
    settings.DEBUG = True
    assert sender.get_reach() is Reach.LOOPBACK
    assert why_not_url("http://127.0.0.1:9000/", Reach.LOOPBACK) is None
    assert why_not_url("http://localhost:9000/", Reach.LOOPBACK) is None
    assert why_not_url("http://10.0.0.1/", Reach.LOOPBACK) is not None
    assert why_not_url("http://product.example/", Reach.LOOPBACK) is not None
    settings.BURSAR_WEBHOOK_INSECURE = True
    assert sender.get_reach() is Reach.ANY


def test_an_endpoint_made_in_looser_times_is_looked_at_again(here: Cast, product: Receiver, settings: Any) -> None:
    make_endpoint(here, product.url)
    here.reset_panel()
    settings.BURSAR_WEBHOOK_INSECURE = False
    deliver()
    assert product.got == [] and "public addresses only" in WebhookMessage.objects.get().last_answer


def test_a_name_that_leads_inside_is_refused_when_something_is_sent(cast: Cast, monkeypatch: Any) -> None:
    """One answer that is public beside one that is not is no way in either."""
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, port, *args, **more: [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", port)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", port)),
        ],
    )
    with pytest.raises(sender.NoAnswer, match=r"169\.254\.169\.254"):
        sender.post("https://product.example/", "{}", {})


def test_a_name_is_asked_once_and_that_answer_is_connected_to(
    here: Cast, product: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second look would find another machine (DNS rebinding); there is none."""
    asked: list[Any] = []
    honest = socket.getaddrinfo

    def answer(host: Any, port: Any, *args: Any, **more: Any) -> Any:
        if host == "product.test":
            asked.append(host)
            assert len(asked) == 1, "the name was asked twice"
            return honest("127.0.0.1", port, *args, **more)
        return honest(host, port, *args, **more)

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    make_endpoint(here, product.url.replace("127.0.0.1", "product.test") + "hook?x=1")
    here.reset_panel()
    deliver()
    assert asked == ["product.test"] and product.got[0].headers["host"].startswith("product.test:")


def test_a_name_that_leads_nowhere(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **more: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(sender.NoAnswer, match="leads nowhere"):
        sender.post("https://product.example/", "{}", {})


def test_an_endpoint_left_alone_is_asked_again_within_a_quarter_of_an_hour() -> None:
    assert [calc_pause(times).total_seconds() for times in (0, 1, 2, 5, 500)] == [30, 60, 120, 900, 900]


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """A TLS server for the name product.test: its port, and the certificate to trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "product.test")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now - datetime.timedelta(days=1))
    builder = builder.not_valid_after(now + datetime.timedelta(days=1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("product.test")]), critical=False)
    made = builder.sign(key, hashes.SHA256())
    file = tmp_path / "both.pem"
    pem = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    file.write_bytes(made.public_bytes(pem) + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port, file
    server.shutdown()
    server.server_close()


def test_the_certificate_is_checked_against_the_name(
    secure: tuple[int, Path], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Although the connection goes to a number."""
    settings.BURSAR_WEBHOOK_INSECURE = True
    port, file = secure
    honest = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, port, *args, **more: honest("127.0.0.1", port, *args, **more)
    )
    with pytest.raises(sender.NoAnswer, match="certificate"):
        sender.post(f"https://product.test:{port}/", "{}", {})
    trusting = ssl.create_default_context(cafile=str(file))
    monkeypatch.setattr(sender, "_trust", lambda: trusting)
    assert sender.post(f"https://product.test:{port}/", "{}", {}).status == 204
    with pytest.raises(sender.NoAnswer, match="certificate"):
        sender.post(f"https://other.test:{port}/", "{}", {})


def test_an_edited_address_is_checked_as_a_new_one(here: Cast, product: Receiver, settings: Any) -> None:
    endpoint, _ = make_endpoint(here, product.url)
    settings.BURSAR_WEBHOOK_INSECURE = False
    key = "webhooks.endpoint.edit"
    data = {"url": "https://10.0.0.1/", "description": "Product", "events": []}
    refusal_of(key, here.iris, endpoint.public_id, data, reason="x")
    data["url"] = "https://new.example/"
    run(key, here.iris, endpoint.public_id, data, reason="Moved")
    assert WebhookEndpoint.objects.get().url == "https://new.example/"
    assert "already" in refusal_of(key, here.iris, endpoint.public_id, data, reason="x").sentence
