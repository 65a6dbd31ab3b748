"""What a report shows of a model beside its verdict: a sample of the records, looked at closely."""
