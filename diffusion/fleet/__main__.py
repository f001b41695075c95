"""`python -m diffusion.fleet`: several engines behind one address."""

import importlib.util
import os
import sys

from diffusion.environment import set_defaults
from diffusion.fleet.arguments import parsed
from diffusion.fleet.loopback import listen_here_alone
from diffusion.telemetry import logs

RAY_DEFAULTS = {
    # Ray tells its makers nothing, unless the operator wants that.
    "RAY_USAGE_STATS_ENABLED": "0",
    # Whoever reaches one of its ports needs a token, from ~/.ray/auth_token or RAY_AUTH_TOKEN.
    "RAY_AUTH_MODE": "token",
    # Engines are not less urgent than what else runs here, as Ray's jobs are by its default.
    "RAY_worker_niceness": "0",
}


def main() -> None:
    """Serve until told to stop. Exits with `os.EX_CONFIG` if the settings are wrong."""
    arguments = parsed()
    set_defaults()
    for name, value in RAY_DEFAULTS.items():
        os.environ.setdefault(name, value)
    if arguments.address is None:
        listen_here_alone()
    try:
        logs.set_up(os.environ.get(logs.FORMAT_NAME))
    except logs.UnknownFormat as error:
        sys.exit(str(error))
    if importlib.util.find_spec("ray") is None:
        print(
            "`darkroom fleet` needs Ray. In Darkroom's folder, run: "
            ".venv/bin/pip install -c constraints.txt -e '.[fleet]'",
            file=sys.stderr,
        )
        sys.exit(os.EX_CONFIG)
    # Only now, since it imports Ray and torch.
    from diffusion.fleet.command import run

    sys.exit(run(arguments))


if __name__ == "__main__":
    main()
