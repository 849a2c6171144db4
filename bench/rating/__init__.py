"""Answering and getting the next comparison over HTTP, beside a bare view with the same statements."""
