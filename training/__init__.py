"""The batch job: corpus → shapes → (frequent words → candidates → clusters, level by level) → publish."""
