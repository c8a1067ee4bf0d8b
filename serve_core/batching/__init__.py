"""How requests share model calls: the queue, batches that fail, and whether a call needs the queue at all."""
