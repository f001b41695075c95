"""The stand-in, wired together, and the faults that tests can inject."""
