"""Runs a code sample's unit tests where the code can reach nothing; `testing.run_tests` is the way in."""
