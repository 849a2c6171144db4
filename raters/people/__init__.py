"""Inviting raters, and forgetting who they are."""
