"""When a new model is trained, on which data, and why."""
