"""The command line `guanxi`; `python -m guanxi_gateway.cli` is the same."""
