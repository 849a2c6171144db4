"""Organisers' and researchers' pages of the machine side, one file per group of pages."""
