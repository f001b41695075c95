"""Whether a client's bodies keep Discord's limits. Pure: bodies in, complaints out."""
