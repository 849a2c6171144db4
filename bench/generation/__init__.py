"""Calls per second and processor time per call, pump against bare client on one model server."""
