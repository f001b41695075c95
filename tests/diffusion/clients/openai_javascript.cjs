// The official client for JavaScript: models, links, streams with usage, edits, refusals.
const assert = require("node:assert/strict");
const fs = require("node:fs");
const packages = require("node:module").createRequire(process.env.CLIENT_PACKAGES);
const OpenAI = packages("openai").default;

async function main() {
  const client = new OpenAI({ maxRetries: 0 });
  assert.equal((await client.models.retrieve("tiny")).id, "tiny");
  assert.equal((await client.models.retrieve("gpt-image-2")).id, "gpt-image-2");

  const answer = await client.images.generate({
    prompt: "a red fox",
    model: "gpt-image-2",
    n: 2,
    size: "1536x1024",
    quality: "low",
    background: "auto",
    moderation: "auto",
    output_format: "jpeg",
    output_compression: 50,
  });
  assert.equal(answer.data.length, 2);
  assert.equal(answer.quality, "low");
  assert.equal(answer.usage.total_tokens, answer.usage.input_tokens + answer.usage.output_tokens);
  assert.equal(answer.warnings[0].param, "size");
  const jpeg = Buffer.from(answer.data[0].b64_json, "base64");
  assert.equal(jpeg.subarray(0, 3).toString("hex"), "ffd8ff");

  const linked = await client.images.generate({ prompt: "a red fox", response_format: "url" });
  const file = await fetch(linked.data[0].url);
  assert.equal(file.headers.get("content-type"), "image/png");
  assert.equal(Buffer.from(await file.arrayBuffer()).subarray(1, 4).toString(), "PNG");

  const kinds = [];
  let last;
  const asked = { prompt: "a red fox", stream: true, partial_images: 1 };
  for await (last of await client.images.generate(asked)) kinds.push(last.type);
  assert.deepEqual(kinds, ["image_generation.partial_image", "image_generation.completed"]);
  assert.equal(last.usage.output_tokens, 16);

  const [image, mask] = ["image.png", "mask.png"].map((name) => fs.createReadStream(name));
  const edited = await client.images.edit({ image, mask, prompt: "a red fox" });
  assert.equal(edited.usage.input_tokens_details.image_tokens, 16);
  const several = [0, 1].map(() => fs.createReadStream("image.png"));
  const blended = await client.images.edit({ image: several, prompt: "a red fox", n: 2 });
  assert.equal(blended.data.length, 2);

  await assert.rejects(client.images.generate({ prompt: "a fox", background: "transparent" }), {
    status: 400,
    param: "background",
  });
  await assert.rejects(client.images.generate({ prompt: "a fox", strict: true, x: 1 }), {
    code: "unknown_parameter",
    param: "x",
  });
}

main();
