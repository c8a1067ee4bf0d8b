"""The content of HTTP messages, the same for every framework: accepted JSON, answered documents, refusals."""
