"""What a phone that was away has to hear, and what it says: the part of a service in offline sync."""
