"""From the database to the report: rows out of one snapshot, reports kept ready, files for download."""
