"""What members press and fill in: buttons, menus, modals, reactions, and the answers to them."""
