"""Other services as seen from here: contacts, which knows accounts and people."""

from contextlib import AbstractAsyncContextManager
from typing import Final

from guanxi_shared.calls import House
from guanxi_shared.peers import calling_peer

CONTACTS: Final = "contacts"


def calling_contacts(here: House) -> AbstractAsyncContextManager[None]:
    return calling_peer(here, CONTACTS)
