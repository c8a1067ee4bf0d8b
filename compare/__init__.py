"""What a request costs, measured: the services beside bare servers and minimal routes, under one load. Not served."""
