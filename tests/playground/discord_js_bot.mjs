// A bot on discord.js: registers a command, answers it with a picture and a button, edits, ends.

import { ActionRowBuilder, AttachmentBuilder, ButtonBuilder, ButtonStyle, Client, Events, GatewayIntentBits } from "discord.js";

const url = process.argv[2];
const client = new Client({ intents: [GatewayIntentBits.Guilds], rest: { api: `${url}/api`, cdn: `${url}/cdn` } });

client.once(Events.ClientReady, async () => {
  await client.application.commands.set([{ name: "draw", description: "Draw", options: [{ type: 3, name: "prompt", description: "What", required: true }] }]);
  console.log("ready");
});

client.on(Events.InteractionCreate, async (interaction) => {
  if (interaction.isChatInputCommand()) {
    await interaction.deferReply();
    const button = new ButtonBuilder().setCustomId("more").setLabel("More").setStyle(ButtonStyle.Primary);
    await interaction.editReply({
      content: interaction.options.getString("prompt"),
      files: [new AttachmentBuilder(Buffer.from("bytes"), { name: "file.txt" })],
      components: [new ActionRowBuilder().addComponents(button)],
    });
  } else if (interaction.isButton()) {
    await interaction.update({ content: "more", components: [] });
  }
});

await client.login("any token");
