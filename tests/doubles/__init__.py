"""Stand-ins for the outside services, reached over real HTTP, that check what they get as the vendor would."""
