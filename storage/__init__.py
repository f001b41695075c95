"""What Darkroom keeps: servers, members, jobs and pictures. Knows no Discord and no torch."""
