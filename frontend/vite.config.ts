import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";

const here = fileURLToPath(new URL(".", import.meta.url));
const schema = `${here}../docs/schemas/report.schema.json`;
const made = `${here}../src/subsecond/report/static/report.html`;
const sources = ["package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "contract.mjs", "index.html"];

/** What the page was built from; the tests hash the same files again, without Node. */
function sourceHash(): string {
  const hash = createHash("sha256");
  const inside = readdirSync(`${here}src`, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const files = inside.map((entry) => `${entry.parentPath}/${entry.name}`.slice(here.length).replaceAll("\\", "/"));
  for (const name of [...sources, ...files].sort()) hash.update(`${name}\0`).update(readFileSync(here + name)).update("\0");
  return hash.update(readFileSync(schema)).digest("hex");
}

const integrity = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** One file: style and script inline, each allowed by its hash and nothing else. */
function onePage(): Plugin {
  return {
    name: "one-page",
    enforce: "post",
    generateBundle(_options, bundle) {
      let script = "";
      let style = "";
      for (const [name, file] of Object.entries(bundle)) {
        if (file.type === "chunk") script += file.code.trim().replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--");
        else if (name.endsWith(".css")) style += String(file.source).trim();
        delete bundle[name];
      }
      const rules = [
        "default-src 'none'",
        `script-src ${integrity(script)}`,
        `style-src ${integrity(style)}`,
        "font-src data:",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
      ];
      const filled: Record<string, string> = {
        "@rules@": rules.join("; "),
        "@source@": sourceHash(),
        "@style@": style,
        "@script@": script,
      };
      // Split and join: a replacement string would give `$` a meaning.
      let page = readFileSync(`${here}index.html`, "utf8");
      for (const [mark, text] of Object.entries(filled)) page = page.split(mark).join(text);
      mkdirSync(new URL(".", `file://${made}`), { recursive: true });
      writeFileSync(made, page);
    },
  };
}

export default defineConfig({
  // Calls of `h` take a tenth less room than the automatic runtime's objects.
  oxc: {
    jsx: { runtime: "classic", pragma: "jsxMade", pragmaFrag: "jsxGroup" },
    jsxInject: `import { h as jsxMade, Fragment as jsxGroup } from "preact"`,
  },
  build: {
    target: "es2022",
    // The first that know `light-dark()`: written out, the colours would take twice the room.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    assetsInlineLimit: Number.POSITIVE_INFINITY,
    cssCodeSplit: false,
    modulePreload: false,
    write: false,
    rolldownOptions: { input: "src/main.tsx" },
  },
  plugins: [onePage()],
});
