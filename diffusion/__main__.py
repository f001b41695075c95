"""`python -m diffusion`: the inference process."""

from diffusion.environment import set_defaults


def main() -> None:
    """Serve until told to stop, and end the process with the exit code."""
    set_defaults()
    # Only now, since it imports torch.
    from diffusion.server.process import run

    run()


if __name__ == "__main__":
    main()
