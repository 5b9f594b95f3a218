// The shown diagram as an SVG file that stands alone: drawn from the data, in the colours that are on the screen.
import type { View } from "../contract.ts";
import { path } from "./geometry.ts";

const MARGIN = 12;

const escaped = (text: string) =>
  text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`).replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, "");

function colours(): (name: string) => string {
  const probe = document.createElement("span");
  document.body.append(probe);
  const known = new Map<string, string>();
  const read = (name: string) => {
    const found = known.get(name);
    if (found) return found;
    probe.style.color = `var(--${name})`;
    const colour = getComputedStyle(probe).color;
    known.set(name, colour);
    return colour;
  };
  // The probe is needed until the drawing is done, which is within the same task.
  queueMicrotask(() => probe.remove());
  return read;
}

const TOKENS: Record<string, string> = { session: "container", table: "database", cache: "container" };

export function svg(view: View, removed: boolean): string {
  const colour = colours();
  const shown = (change: string) => removed || change !== "removed" || view.side !== "optimised";
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${-MARGIN} ${-MARGIN} ${view.width + MARGIN * 2} ${view.height + MARGIN * 2}" ` +
      `width="${view.width + MARGIN * 2}" height="${view.height + MARGIN * 2}" font-family="IBM Plex Sans Condensed, Arial Narrow, sans-serif">`,
    `<title>${escaped(view.title)}</title>`,
    `<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">` +
      `<path d="M0 .8 7.4 4 0 7.2z" fill="${colour("edge")}"/></marker></defs>`,
    `<rect x="${-MARGIN}" y="${-MARGIN}" width="100%" height="100%" fill="${colour("surface")}"/>`,
  ];
  for (const frame of view.boundaries) {
    parts.push(
      `<rect x="${frame.x}" y="${frame.y}" width="${frame.width}" height="${frame.height}" rx="10" fill="none" stroke="${colour("edge")}"/>`,
      `<text x="${frame.x + 12}" y="${frame.y + 18}" font-size="13" font-weight="600" fill="${colour("ink")}">${escaped(frame.title)}</text>`,
    );
    if (frame.technology)
      parts.push(`<text x="${frame.x + 12}" y="${frame.y + 33}" font-size="12" fill="${colour("ink-2")}">[${escaped(frame.technology)}]</text>`);
  }
  for (const arrow of view.arrows.filter((one) => shown(one.change))) {
    const dash = arrow.optional || arrow.change === "removed" ? ` stroke-dasharray="5 4"` : "";
    parts.push(
      `<path d="${path(arrow)}" fill="none" stroke="${colour("edge")}" stroke-width="1.25"${dash} marker-end="url(#head)">` +
        `<title>${escaped(arrow.label)}</title></path>`,
    );
  }
  for (const box of view.boxes.filter((one) => shown(one.change))) {
    const token = TOKENS[box.kind] ?? box.kind;
    const ghost = box.change === "removed";
    const dash = box.kind === "external" || box.optional || ghost ? ` stroke-dasharray="5 4"` : "";
    const clip = `clip-${view.boxes.indexOf(box)}`;
    const second = box.height >= 44 ? [box.word, box.detail.split("/").at(-1)].filter(Boolean).join(" · ") : "";
    const middle = box.y + box.height / 2;
    const radius = box.kind === "session" ? box.height / 2 : box.kind === "person" ? 16 : 6;
    parts.push(
      `<clipPath id="${clip}"><rect x="${box.x}" y="${box.y}" width="${box.width - 6}" height="${box.height}"/></clipPath>`,
      `<rect x="${box.x}" y="${box.y}" width="${box.width}" height="${box.height}" rx="${radius}" fill="${ghost ? "none" : colour(`${token}-bg`)}" stroke="${colour(ghost ? "legacy" : token)}"${dash}/>`,
      `<g clip-path="url(#${clip})" fill="${colour(ghost ? "legacy" : token)}">`,
      `<text x="${box.x + 10}" y="${second ? middle - 4 : middle + 5}" font-size="14" font-weight="600">${escaped(box.title)}</text>`,
      second ? `<text x="${box.x + 10}" y="${middle + 14}" font-size="12">${escaped(second)}</text>` : "",
      "</g>",
    );
  }
  for (const arrow of view.arrows.filter((one) => shown(one.change) && one.caption)) {
    const half = (arrow.caption.length * 6 + 6) / 2;
    const [x, y] = arrow.badge;
    parts.push(
      `<rect x="${x - half}" y="${y - 8}" width="${half * 2}" height="16" rx="3" fill="${colour("surface")}" stroke="${colour("line")}"/>`,
      `<text x="${x}" y="${y + 4}" font-size="12" text-anchor="middle" fill="${colour(arrow.count > 4 ? "legacy" : "ink-2")}">${escaped(arrow.caption)}</text>`,
    );
  }
  parts.push("</svg>");
  return `${parts.filter(Boolean).join("\n")}\n`;
}
