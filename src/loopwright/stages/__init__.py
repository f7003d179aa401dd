"""What is done, in this order: charter, data, labels, features, training, evaluation, registry."""
