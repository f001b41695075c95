"""Discord's JSON for everything that is shown. Pure: values in, dictionaries out."""
