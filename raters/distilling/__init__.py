"""Outputs that raters preferred, as training data."""
