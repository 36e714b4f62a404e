"""Amazon Web Services: queues (SQS) that hold Stream's events, and the addresses of SNS."""
