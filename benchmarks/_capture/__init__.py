"""The parts of `benchmarks.capture_overhead`: an application, its observers, its process, the figures."""
