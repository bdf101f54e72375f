"""Chunks of lines → rows and candidates: what engines `polars` and `spark` compute by columns."""
