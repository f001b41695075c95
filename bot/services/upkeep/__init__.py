"""What keeps the operator's disk in order: old files go, and a full folder takes no new jobs."""
