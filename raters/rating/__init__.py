"""Claiming a seat, seeing two outputs blind, judging them."""
