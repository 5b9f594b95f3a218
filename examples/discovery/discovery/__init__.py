"""The Discovery Platform: one web API twice, as a hurried team left it (`legacy`) and after the work (`optimized`)."""
