"""The Discovery Platform as it should be: few statements, one connection for a short time, and the same answers."""
