"""Records to typed tables: pure functions over Arrow, without input or output."""
