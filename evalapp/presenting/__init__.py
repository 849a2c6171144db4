"""Text that a model or an uploader wrote → HTML that is safe to show and says the same thing to everybody.

Nothing here knows Django, the database or who wrote a text. Every function is pure: equal text gives equal
HTML, whatever was shown before, so the HTML of an output can say no more than the output itself.
"""
