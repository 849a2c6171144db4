"""Ways to reach a language model. Plain Python; nothing here knows of Django or a database."""
