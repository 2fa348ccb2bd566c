"""Erasing people for good: what every service that holds something of them does alike."""
