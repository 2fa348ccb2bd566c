"""Uploads that may break off and go on (tus 1.0), for each service that keeps files."""
