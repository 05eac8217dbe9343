"""Facts about the vendor, as data: models, operations, regions, streams, and the tables made from them."""
