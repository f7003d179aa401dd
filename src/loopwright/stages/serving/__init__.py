"""Requests answered by registered models: checked at the door, routed, logged, and released step by step."""
