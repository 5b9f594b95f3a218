// The report's JSON Schema -> src/contract.ts. Run by hand (`npm run contract`) after the schema changed.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { compile } from "json-schema-to-typescript";

const where = process.argv[2] ?? new URL("../docs/schemas/report.schema.json", import.meta.url);
const bytes = readFileSync(where);
const schema = JSON.parse(bytes);

/** json-schema-to-typescript knows tuples by their older spelling only; and lengths of plain arrays say nothing here. */
function older(node) {
  if (Array.isArray(node)) return node.map(older);
  if (node === null || typeof node !== "object") return node;
  const made = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, older(value)]));
  if (made.prefixItems) {
    made.items = made.prefixItems;
    made.additionalItems = false;
    delete made.prefixItems;
  }
  // Fields with a default are always written.
  if (made.properties) made.required = Object.keys(made.properties);
  delete made.default;
  return made;
}

const types = await compile(older(schema), "Report", {
  additionalProperties: false,
  bannerComment: `// Made from the report's JSON Schema by contract.mjs; do not edit.\n// schema sha256 ${createHash("sha256").update(bytes).digest("hex")}`,
});
writeFileSync(new URL("src/contract.ts", import.meta.url), types);
