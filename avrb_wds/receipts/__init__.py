"""What proves that two runs saw the same data: digests, and the receipts that hold them."""
