"""What landing a day costs, measured against the least that a bare script needs for the same pages."""
