"""The one trained model: its data, its training, its signature, its artifact and its predictions."""
