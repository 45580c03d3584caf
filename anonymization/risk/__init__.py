"""How easily people in a table could be recognised, counted over people."""
