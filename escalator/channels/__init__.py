"""The ways out: each vendor's form, its HTTP, and what its answers mean."""
