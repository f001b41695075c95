"""Who and what is let in: keys, sites, connections and bodies, within bounds. Imports no torch."""
