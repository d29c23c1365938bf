"""Move a database to another, write it into a backup, and restore one."""
