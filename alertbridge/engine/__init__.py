"""The imperative shell: gather, decide, apply. What is decided is decided in core."""
