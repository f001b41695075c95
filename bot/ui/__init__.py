"""The Discord side of the bot: commands, buttons, menus, modals, reactions, and answering them."""
