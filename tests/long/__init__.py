"""Load, soak, fault and fuzz runs: `make test-long`. `LONG_SCALE=0.01` tries them with a hundredth of the counts."""
