"""Reports: pure functions from rows to figures, charts, pages and bundles. No Django, no database."""
