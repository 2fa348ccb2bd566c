"""Other services as seen from here: contacts, which knows accounts and people."""

from contextlib import AbstractAsyncContextManager
from typing import Final

from guanxi_shared.calls import House
from guanxi_shared.http import ServiceClient
from guanxi_shared.peers import calling_peer, peer_client

CONTACTS: Final = "contacts"


def calling_contacts(here: House) -> AbstractAsyncContextManager[None]:
    return calling_peer(here, CONTACTS)


def contacts_client(here: House) -> ServiceClient | None:
    return peer_client(here, CONTACTS)
