"""All texts that members read, one file for each language, and how they are looked up."""
