"""Each drill starts a service, puts it through a bad situation, and checks the results against bounds."""
