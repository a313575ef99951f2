"""Every read of the rollup. Totals, rows, CSV and API start from `listed.filtered`, so they cannot disagree."""
