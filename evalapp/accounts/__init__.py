"""Who may sign in, and how the first of them does: by a one-time link on the console."""
