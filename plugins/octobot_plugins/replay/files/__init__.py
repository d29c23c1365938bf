"""Candle files as people have them: what holds them, how they are laid out, what their times and numbers mean.

``reading`` puts it together; nothing here knows a replay. Whatever could be read in two ways is refused, or read as
``docs/candle-files.md`` says and told.
"""
