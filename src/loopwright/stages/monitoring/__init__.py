"""Live traffic watched in windows: what drifted, how good the answers are, and who has to know."""
