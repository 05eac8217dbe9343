"""What users ask of a month in the lake, and how the layout of its files changes what the answers cost."""
