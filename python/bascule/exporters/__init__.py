"""One file per estimator or family: how it becomes nodes of a graph."""
