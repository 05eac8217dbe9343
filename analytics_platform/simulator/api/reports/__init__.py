"""The reports the vendor had before it withdrew them: what there are, their schedules, and when those run."""
