"""What rules share: how options are checked, the domains a column can have, counting over people."""
