"""The methods of the API, as functions from a request to a response: no gRPC, no HTTP."""
