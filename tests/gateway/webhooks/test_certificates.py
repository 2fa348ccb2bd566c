"""Receivers with TLS: whose certificate nobody vouches for is refused, and says so; a setting names authorities."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import ValidationError

from guanxi_gateway.webhooks.sending import Outcome, Sender
from guanxi_gateway.webhooks.settings import WebhookSettings
from tests.gateway.identity.people import Company
from tests.gateway.webhooks.conftest import Dispatching
from tests.gateway.webhooks.subscribing import PATH, deliveries, eventually, subscribed

ANSWER = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n"


def certificate(folder: Path, *, address: str = "127.0.0.1", days: int = 1) -> Path:
    """Signed by itself, with its key, in one PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "receiver")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=9))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / f"{address}-{days}.pem"
    path.write_bytes(made.public_bytes(pem) + private)
    return path


@asynccontextmanager
async def receiving(certified: Path | None) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Its address and what came, after the handshake; without a certificate it speaks no TLS at all."""
    got: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if certified is None:
                await reader.read(100)  # what it cannot understand
            else:
                got.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(ANSWER)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    context = None
    if certified is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certified)
    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context) as server:
        port = server.sockets[0].getsockname()[1]
        yield f"https://127.0.0.1:{port}/hook", got


async def sent(url: str, **more: object) -> Outcome:
    settings = WebhookSettings(networks="127.0.0.0/8", answer_seconds=5, **more)  # type: ignore[arg-type]
    async with Sender(settings) as sender:
        return await sender.send(url, b"{}", {})


@pytest.mark.parametrize(
    ("address", "days", "is_trusted", "why"),
    [
        ("127.0.0.1", 1, False, "it is signed by itself"),
        ("127.0.0.2", 1, True, "it is for another address"),
        ("127.0.0.1", -1, True, "it has expired"),
    ],
)
async def test_a_certificate_that_does_not_hold_is_refused_and_nothing_was_sent(
    tmp_path: Path, address: str, days: int, is_trusted: bool, why: str
) -> None:
    path = certificate(tmp_path, address=address, days=days)
    async with receiving(path) as (url, got):
        outcome = await sent(url, **({"ca_file": str(path)} if is_trusted else {}))
    assert (outcome.status, outcome.error) == (
        None,
        f"The receiver's certificate is not valid: {why}.",
    )
    assert got == []


async def test_one_that_a_setting_vouches_for_is_taken(tmp_path: Path) -> None:
    path = certificate(tmp_path)
    async with receiving(path) as (url, got):
        assert (await sent(url, ca_file=str(path))).status == 204
    assert got[0].startswith(b"POST /hook ")


async def test_a_receiver_without_tls_says_so() -> None:
    async with receiving(None) as (url, got):
        assert (await sent(url)).error == "The receiver speaks no TLS that we know."
    assert got == []


async def test_the_log_of_deliveries_says_why_until_the_setting_is_there(
    company: Company, dispatching: Dispatching, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = certificate(tmp_path)
    async with receiving(path) as (url, got):
        webhook = await subscribed(company.admin, url)

        async def tested() -> str:
            answer = await company.admin.post(f"{PATH}/{webhook['id']}/test")
            assert answer.is_success, answer.text
            return str(answer.json()["id"])

        async def is_(status: str, delivery: str) -> bool:
            found = await deliveries(company.admin, webhook)
            return any(
                d["id"] == delivery and d["attempts"] and d["status"] == status for d in found
            )

        refused = await tested()
        async with dispatching():
            await eventually(lambda: is_("waiting", refused))
        one = await company.admin.get(f"{PATH}/{webhook['id']}/deliveries/{refused}")
        (attempt,) = one.json()["attempt_log"]
        assert (
            attempt["error"] == "The receiver's certificate is not valid: it is signed by itself."
        )
        assert (attempt["status_code"], got) == (None, [])
        monkeypatch.setenv("GATEWAY_WEBHOOK_CA_FILE", str(path))
        taken = await tested()
        async with dispatching():
            await eventually(lambda: is_("delivered", taken))
    assert b"webhook-signature: v1," in got[0].lower()


@pytest.mark.parametrize("make", [lambda path: path, lambda path: path.write_text("no") and path])
def test_a_file_that_holds_no_certificates_is_a_clear_mistake(
    tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    with pytest.raises(ValidationError, match="holds no certificates"):
        WebhookSettings(ca_file=str(make(tmp_path / "none.pem")))
