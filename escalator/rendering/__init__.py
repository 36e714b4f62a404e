"""What people read: from an incident to a neutral card. The only room that decides what may be said."""
