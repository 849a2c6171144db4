"""The operator's side: real servers and services on one machine, without Django."""
