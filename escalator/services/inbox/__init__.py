"""What stands in the vendors' places in the sandbox: nothing leaves the machine, and every button works."""
