"""The address that was checked is the address that is connected to, at each try."""

import socket

import pytest

from guanxi_gateway.webhooks.sending import Sender
from guanxi_gateway.webhooks.settings import WebhookSettings
from tests.gateway.webhooks.receiver import Receiver

PUBLIC = "93.184.216.34"


def settings(**more: object) -> WebhookSettings:
    return WebhookSettings(answer_seconds=1, connect_seconds=1, http=True, **more)  # type: ignore[arg-type]


class Rebinding:
    """A name that has one address when it is checked, and another one later."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str) -> list[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


async def test_a_name_that_moves_inside_is_not_followed(receiver: Receiver) -> None:
    url = f"http://hooks.example:{receiver.port}/"
    for answers in ([["127.0.0.1"]], [[PUBLIC, "127.0.0.1"]], [["::ffff:127.0.0.1"]]):
        look_up = Rebinding(*answers)
        async with Sender(settings(ports=str(receiver.port)), look_up=look_up) as sender:
            outcome = await sender.send(url, b"{}", {})
        assert (outcome.status, outcome.error) == (None, "The host is not on the public internet.")
        assert look_up.asked == ["hooks.example"]
    assert receiver.got == []


async def test_the_name_is_looked_up_once_for_a_connection_and_that_address_is_taken(
    receiver: Receiver,
) -> None:
    """No other resolver knows this name: what was checked is what is connected to."""
    look_up = Rebinding(["127.0.0.1"], ["127.0.0.2"])
    async with Sender(settings(networks="127.0.0.1/32"), look_up=look_up) as sender:
        url = f"http://hooks.example:{receiver.port}/"
        assert (await sender.send(url, b"{}", {})).status == 204
        assert receiver.got[0].headers["host"] == f"hooks.example:{receiver.port}"
        receiver.otherwise, receiver.trickles = (200, {}, b""), True  # its connection is not kept
        assert (await sender.send(url, b"{}", {})).status == 200
        receiver.trickles = False
        outcome = await sender.send(url, b"{}", {})
        assert outcome.error == "The host is not on the public internet."
    assert look_up.asked == ["hooks.example"] * 2


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "127.1", "0x7f000001", "0"]
)
async def test_spellings_of_this_machine_are_refused(receiver: Receiver, host: str) -> None:
    async with Sender(settings(ports=str(receiver.port))) as sender:
        outcome = await sender.send(f"http://{host}:{receiver.port}/", b"{}", {})
    assert outcome.status is None
    assert receiver.got == []


async def test_the_socket_itself_refuses(receiver: Receiver) -> None:
    """Whatever happens above it: the last word is about the address that is connected to."""
    async with Sender(settings()) as sender:
        address = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", receiver.port))
        with pytest.raises(OSError, match="public internet"):
            sender._checked_socket(address)


async def test_no_redirect_is_followed_and_no_cookie_kept(receiver: Receiver) -> None:
    receiver.replies = [(302, {"location": receiver.url, "set-cookie": "a=b"}, b"")]
    async with Sender(settings(networks="127.0.0.0/8")) as sender:
        assert (await sender.send(receiver.url, b"{}", {})).status == 302
        assert (await sender.send(receiver.url, b"{}", {})).status == 204
    assert len(receiver.got) == 2
    assert all("cookie" not in got.headers for got in receiver.got)
