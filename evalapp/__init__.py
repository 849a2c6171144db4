"""The machine side: task sets in, outputs of the compared systems out, and the report's arithmetic."""
