"""The kinds of conversation, one story each: what happens in it, from its outline and its own dice."""
