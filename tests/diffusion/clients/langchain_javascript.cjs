// LangChain's wrapper for JavaScript: it sends DALL·E 3's style and quality with every request.
const assert = require("node:assert/strict");
const packages = require("node:module").createRequire(process.env.CLIENT_PACKAGES);
const { DallEAPIWrapper } = packages("@langchain/openai");

async function main() {
  const link = await new DallEAPIWrapper({}).invoke("a red fox");
  const file = await fetch(link);
  assert.equal(file.headers.get("content-type"), "image/png");

  const two = await new DallEAPIWrapper({ n: 2, responseFormat: "b64_json" }).invoke("a red fox");
  assert.equal(two.length, 2);
}

main();
