"""How long members wait: a fleet of engines simulated on the schedulers' own code.

    demand      which jobs come, when and whose
    line        the queue of the database, in the order of `storage.queue_order`
    engines     engines that share passes as `diffusion.engine.scheduler` says
    fleet       all together, event by event
    cards       how fast cards are
    scenarios   the tables of docs/scale.md
    trial       the simulation beside two real engines on this machine

Nothing here sleeps: time is a number. The same seed gives the same figures.
"""
