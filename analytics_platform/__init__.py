"""A Genesys contact centre in day-partitioned Parquet, run and watched in Dagster."""
