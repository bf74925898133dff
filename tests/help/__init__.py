"""What tests share: what they make, the servers they start, what they compare with."""
