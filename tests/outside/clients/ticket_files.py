"""A file for a ticket in parts with the published tus client: URL, token, file, ticket, id, and the address of an
upload that was begun before or nothing. It says where it stands after each part, and may be killed at any."""

import sys

from tusclient.client import TusClient

url, token, path, ticket, file_id, address = sys.argv[1:]
client = TusClient(f"{url}/v1/tickets/uploads", headers={"Authorization": f"Bearer {token}"})
told = {"filename": "site.jpg", "id": file_id, "ticket_id": ticket}
uploader = client.uploader(
    file_path=path, metadata=told, chunk_size=20_000, upload_checksum=True, url=address or None
)
uploader.upload_chunk()
print(uploader.url, uploader.offset, flush=True)
while uploader.offset < uploader.get_file_size():
    uploader.upload_chunk()
    print(uploader.offset, flush=True)
