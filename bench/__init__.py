"""Benchmarks: each prints what the portal takes beside a floor that is measured in the same run."""
