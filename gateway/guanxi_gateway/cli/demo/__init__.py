"""The demo organisation: one file per kind of record, pure functions of a seed, written by HTTP."""

from guanxi_gateway.cli.demo.loading import Loaded, load

__all__ = ["Loaded", "load"]
