"""Speed, always as a ratio to a floor or a peer in the same run: absolute figures belong to one machine."""
