"""The members' endpoints: their actions on the page, and the live feed of what they see."""
