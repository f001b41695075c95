"""What all phases share: the training loop, its log, samples, and worker processes."""
