"""The auth process: exchanges an e-mail address and a password for a signed token, and publishes its public keys."""
