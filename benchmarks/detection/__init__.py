"""How well the detectors name what is planted and keep silent where nothing is: `python -m benchmarks.detection`."""
