"""Hand-overs to other systems, written as text."""
