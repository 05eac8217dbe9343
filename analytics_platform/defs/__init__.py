"""Dagster: assets, checks, sensors, resources and partitions, thin; one module per stream family."""
