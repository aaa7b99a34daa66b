"""What a study is: its params, its systems and targets, and where each of its files lies."""
