"""The change feed: positions given after commit by whoever reads, then read in their order.

Numbering happens under one locked row (`number_events()` in the schema), so that positions are
dense; a writer never waits for it. The `<service>_feed` role sees the events of all organisations,
for numbering and for peers; what a person reads goes through the ordinary bound role.
"""
