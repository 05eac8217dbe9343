"""The lake: day-partitioned Parquet that is replaced a whole partition at a time and explains itself.

`Lake` opens, stages, reads; `Layout` says how a table is written; `Manifest` what is known of a partition.
`analytics_platform.lake.views.connect` gives the lake in SQL.
"""

from analytics_platform.lake.errors import (
    LakeError,
    LakeFull,
    LakeUnreachable,
    NotWritable,
    PartitionDamaged,
    PartitionMissing,
)
from analytics_platform.lake.layout import Layout
from analytics_platform.lake.manifest import Manifest
from analytics_platform.lake.partition import PartitionWriter, StagedPartition
from analytics_platform.lake.store import Lake

__all__ = [
    "Lake",
    "LakeError",
    "LakeFull",
    "LakeUnreachable",
    "Layout",
    "Manifest",
    "NotWritable",
    "PartitionDamaged",
    "PartitionMissing",
    "PartitionWriter",
    "StagedPartition",
]
