"""What cannot be a timed test: races of hundreds of callers, and how fast it is in ratios. ``make bench`` runs it."""
