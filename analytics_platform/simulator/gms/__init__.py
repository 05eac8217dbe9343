"""Context Services on Genesys Mobile Services, simulated: the same world and clock, a path and manners of its own."""
