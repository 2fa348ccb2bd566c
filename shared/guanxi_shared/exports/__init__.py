"""Records as files: what somebody sees of a filter, streamed at once or written by a job."""
