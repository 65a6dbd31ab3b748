"""gRPC: the methods of the API, and two ways to answer calls."""
