"""The human side: studies, the raters who judge in them, and what they judged."""
