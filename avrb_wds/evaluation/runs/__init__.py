"""A run: the folder with the predictions of one evaluation."""
