"""How much is measured and for how long: whole (half an hour) or quick (about two)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    contacts: int  # and as many accounts, and as many deals
    tickets: int
    articles: int
    rounds: int
    brief_rounds: int  # of what is slow, or not in the design's table
    seconds: float  # of one measurement
    hello_seconds: float  # of the bare route beside it
    copy_sample: int
    purchases: int  # of CDNOW's 69,659
    import_seconds: float  # after this long an import is cancelled, and its rate is that so far
    limit_seconds: float  # after this much no section is begun any more


WHOLE = Size(
    contacts=200_000, tickets=100_000, articles=5_000, rounds=5, brief_rounds=3, seconds=1.2, hello_seconds=0.8,
    copy_sample=30_000, purchases=69_659, import_seconds=110.0, limit_seconds=2_700.0,
)  # fmt: skip
QUICK = Size(
    contacts=20_000, tickets=10_000, articles=1_000, rounds=2, brief_rounds=1, seconds=0.6, hello_seconds=0.4,
    copy_sample=10_000, purchases=7_000, import_seconds=10.0, limit_seconds=120.0,
)  # fmt: skip
CONNECTIONS = 16
PATIENCE_SECONDS = 10.0  # for one answer
