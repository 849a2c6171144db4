"""The operator's side: real servers and services on one machine, without Django and with nothing of ours above."""
