"""Benchmarks: every figure that the README gives comes from here."""
