// The Vercel AI SDK: its provider for OpenAI and the one for compatible servers.
const assert = require("node:assert/strict");
const fs = require("node:fs");
const packages = require("node:module").createRequire(process.env.CLIENT_PACKAGES);
const { generateImage } = packages("ai");
const { createOpenAI } = packages("@ai-sdk/openai");
const { createOpenAICompatible } = packages("@ai-sdk/openai-compatible");

const image = fs.readFileSync("image.png");
const mask = fs.readFileSync("mask.png");

async function main() {
  const openai = createOpenAI({});
  for (const name of ["tiny", "dall-e-3", "gpt-image-1"]) {
    const { images, usage } = await generateImage({
      model: openai.image(name),
      prompt: "a red fox",
      n: 2,
      maxRetries: 0,
      providerOptions: { openai: { quality: "low" } },
    });
    assert.equal(images.length, 2);
    assert.equal(images[0].mediaType, "image/png");
    assert.equal(usage.totalTokens, usage.inputTokens + usage.outputTokens);
  }
  for (const prompt of [
    { text: "a red fox", images: [image], mask },
    { text: "a red fox", images: [image, image] },
  ]) {
    const model = openai.image("gpt-image-1");
    const edited = await generateImage({ model, prompt, maxRetries: 0 });
    assert.equal(edited.image.mediaType, "image/png");
  }

  const compatible = createOpenAICompatible({
    name: "darkroom",
    baseURL: process.env.OPENAI_BASE_URL,
    apiKey: process.env.OPENAI_API_KEY,
  });
  const ask = (prompt, options) =>
    generateImage({
      model: compatible.imageModel("tiny"),
      prompt,
      size: "72x64",
      maxRetries: 0,
      providerOptions: { darkroom: { seed: 7, num_inference_steps: 2, ...options } },
    });
  const [one, two] = [await ask("a red fox"), await ask("a red fox")];
  assert.equal(one.image.base64, two.image.base64);
  // Edits send no format; where links are asked for, it fetches them.
  const linked = await ask({ text: "a red fox", images: [image] }, { response_format: "url" });
  assert.equal(linked.image.mediaType, "image/png");
  await assert.rejects(ask("a red fox", { strict: true, colour: "red" }), /colour/);
}

main();
