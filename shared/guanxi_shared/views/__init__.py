"""Saved views: searches by a name, of whatever resources a service names."""
