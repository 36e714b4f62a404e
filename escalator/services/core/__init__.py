"""What every use case is given: context, running policy, operator alerts, contacts, channels, clock, batches."""
