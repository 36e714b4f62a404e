"""What happens next, decided by pure functions over values; the only engine there is (live, explain, preview)."""
