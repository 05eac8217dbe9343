"""What happened in the simulated contact centre; nothing here knows how it is told."""
