"""Run files: read exactly, checked with the line that is wrong, and brought about in a data folder."""
