"""What a client, an operator or a dashboard sees and no web framework decides."""
