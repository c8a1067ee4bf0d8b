"""How requests share the model: the queue, failing batches, and the thread that calls the model."""
