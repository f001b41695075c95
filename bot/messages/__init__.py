"""From jobs and events to the text, embeds and buttons of a message. Pure: sends nothing."""
