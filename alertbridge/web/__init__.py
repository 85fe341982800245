"""Ways in over HTTP: webhooks, health, metrics, and what operators ask."""
