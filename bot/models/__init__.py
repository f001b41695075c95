"""The models of the engine, and the names that members use for them."""
