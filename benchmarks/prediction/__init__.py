"""What a trial predicts against what the real patch gives: `python -m benchmarks.prediction`."""
