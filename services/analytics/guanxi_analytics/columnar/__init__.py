"""Facts as columns: immutable months of Parquet, and what is computed of them."""
