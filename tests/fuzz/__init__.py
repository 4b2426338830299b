"""What is thrown at every reader of ours: the targets, a small corpus for each, and a runner."""
