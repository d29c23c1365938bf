"""How statements are built and run, whatever they are about: for many rows, under many names, many as one."""
