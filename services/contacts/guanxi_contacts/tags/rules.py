"""Tags of a record after a renaming. Pure."""

from collections.abc import Collection


def renamed(tags: Collection[str], gone: Collection[str], to: str) -> list[str]:
    """As tags are stored: each once, in order."""
    kept = {tag for tag in tags if tag not in gone}
    return sorted(kept | {to}) if len(kept) < len(set(tags)) else sorted(kept)
