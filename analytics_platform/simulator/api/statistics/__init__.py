"""What the aggregates count: facts of the world by the instant they were emitted, and the query over them."""
