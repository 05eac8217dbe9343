"""How a stream's day gets from the source to raw, and how a home day's typed tables are made from raw."""
