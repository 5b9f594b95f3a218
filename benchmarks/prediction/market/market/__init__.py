"""A wholesale market: pages as a hurried team left them, several bottlenecks in each."""
