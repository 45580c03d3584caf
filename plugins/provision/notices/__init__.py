"""公表: announcements of anonymously processed information to the public (APPI arts. 43(3), 43(4), 44)."""
