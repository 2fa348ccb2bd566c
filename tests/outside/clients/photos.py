"""A photo in parts with the published tus client: URL, token, file, account, id; breaks off once on its way."""

import sys

from tusclient.client import TusClient

url, token, path, account, file_id = sys.argv[1:]
client = TusClient(f"{url}/v1/files/uploads", headers={"Authorization": f"Bearer {token}"})
told = {"filename": "visit.jpg", "id": file_id, "account_id": account}
settings = {"file_path": path, "metadata": told, "chunk_size": 70_000, "upload_checksum": True}

first = client.uploader(**settings)
first.upload_chunk()
print(first.offset)

again = client.uploader(**settings, url=first.url)  # a new start of the app, which kept the address
print(again.offset)
again.upload()
print(again.url)
