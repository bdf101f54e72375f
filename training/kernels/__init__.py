"""Lines by columns: what engines `polars` and `spark` compute in place of Python's loops over lines and words."""
