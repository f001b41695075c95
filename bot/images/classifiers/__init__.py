"""Ask how explicit a picture is: a process of our own, or somebody's endpoint."""
